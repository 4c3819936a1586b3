/** Draws charts as SVG. The same chart gives the same bytes. */
import { type Chart, INK, WIDTH } from './charts/look.ts';
import { init } from './echarts.ts';

/** A chart as a separate file. */
export function drawFile(chart: Chart): string {
  return `${draw(chart)}\n`;
}

/** A chart as a part of a page: its text takes the colour of the surrounding text. */
export function drawInline(chart: Chart): string {
  return draw(chart).replaceAll(INK, 'currentColor');
}

function draw({ name, title, description, height, option }: Chart): string {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  drawing.setOption(option);
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  const [titleId, textId] = [`${name}-title`, `${name}-text`];
  const words = `<title id="${titleId}">${escaped(title)}</title><desc id="${textId}">${escaped(description)}</desc>`;
  return (
    svg
      // Removes styles that ECharts adds for pages with a script. It escapes " as &quot; in texts, so these matches are markup.
      .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
      .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
      // ECharts numbers its drawings, which would make ids depend on what was drawn before.
      .replace(/(id="|url\(#)zr\d+-/g, `$1${name}-`)
      .replace(/^<svg ([^>]*)>/, (_, rest) => `<svg ${rest} role="img" aria-labelledby="${titleId} ${textId}">${words}`)
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
