/** Charts as SVG. The same chart gives the same bytes. */
import { type Chart, INK, WIDTH } from './charts/look.ts';
import { init } from './echarts.ts';

/** A chart as a file of its own. */
export function drawFile(chart: Chart): string {
  return `${draw(chart)}\n`;
}

/** A chart as a part of a page: its text takes the colour of the text around it. */
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
      // What the library adds for pages with a script. In texts it writes " as &quot;, so these are markup.
      .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
      .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
      // It numbers drawings, so that ids would depend on what was drawn before.
      .replace(/(id="|url\(#)zr\d+-/g, `$1${name}-`)
      .replace(/^<svg ([^>]*)>/, (_, rest) => `<svg ${rest} role="img" aria-labelledby="${titleId} ${textId}">${words}`)
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
