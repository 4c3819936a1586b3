/** Reads a run and writes its report: one HTML file, and each chart as SVG. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RecordedSpecs } from '../analysis/replay.ts';
import { makeFolder, writeWhole } from '../lib/disk.ts';
import { messageOf } from '../lib/errors.ts';
import { readLines, readRecordAt } from '../records/read.ts';
import { type RunManifest, readRunManifest } from '../rollout/manifest.ts';
import { MANIFEST } from '../rollout/run.ts';
import { channelsChart, courseChart, invalidChart, tasksChart } from './charts/means.ts';
import { advantagesChart, deviationsChart, gradesChart, returnsChart } from './charts/spreads.ts';
import { type Chart, draw } from './draw.ts';
import { type Arm, Collector, type ComparedArm, compareArms, type Figures } from './figures.ts';
import { renderPage } from './page/page.tsx';
import { type ArmStories, type Charts, type Contents, MAX_ARMS_SHOWN, owedOf, tellStory } from './stories.ts';

const PAGE = 'report.html';

/**
 * Writes the report of a run. Returns the paths of the written files, the page first.
 * @param trajectories The file of its trajectories.
 * @param folder Where the report goes.
 * @param onProgress Called with the number of bytes read and of all bytes.
 * @throws GhostexecError (NO_FILE, FILE), WriteError
 */
export async function writeReport(
  trajectories: string,
  folder: string,
  onProgress: (read: number, bytes: number) => void = () => {},
) {
  const bytes = statSync(trajectories).size;
  const collector = new Collector();
  for await (const { number, place, record, damage } of readLines(trajectories)) {
    if (record === undefined) collector.addDamage(number, damage ?? '');
    else collector.add(record, place);
    onProgress(place.start + place.length, bytes);
  }
  const figures = collector.finish();
  const beside = manifestBeside(trajectories, figures);
  const specs = new RecordedSpecs(beside.manifest?.plan);
  const shown = compareArms(figures.arms.slice(0, MAX_ARMS_SHOWN), specs);
  const charts = chartsOf(shown);
  const contents: Contents = {
    figures,
    shown,
    ...beside,
    charts,
    stories: await storiesOf(trajectories, shown, specs),
    owed: await owedOf(trajectories, shown, specs),
  };
  const all = listOf(charts);
  const files: [string, string][] = [
    [PAGE, renderPage(contents, all)],
    ...all.map((chart): [string, string] => [`${chart.name}.svg`, `${draw(chart)}\n`]),
  ];
  makeFolder(folder);
  for (const [name, text] of files) writeWhole('report', join(folder, name), text);
  const { episodes, failed, damaged } = figures;
  return { episodes, failed, damaged, written: files.map(([name]) => join(folder, name)) };
}

function chartsOf(arms: readonly ComparedArm[]): Charts {
  const complete = arms.filter(({ returns }) => returns.length > 0);
  const played = arms.filter(({ steps }) => steps > 0);
  const graded = complete.filter(({ grades }) => grades.length > 0);
  const has = (of: (arm: Arm) => readonly number[]): boolean => arms.some((arm) => of(arm).length > 0);
  const isAny = complete.length > 0;
  return {
    tasks: graded.length > 0 ? tasksChart(graded) : undefined,
    returns: isAny ? returnsChart(complete) : undefined,
    grades: graded.length > 0 ? gradesChart(graded) : undefined,
    channels: isAny ? channelsChart(complete) : undefined,
    courses: complete.map((arm, index) => courseChart(arm, index)),
    invalid: played.length > 0 ? invalidChart(played) : undefined,
    groups: has(({ group }) => group.deviations) ? deviationsChart(arms) : undefined,
    advantages: has(({ group }) => group.advantages) ? advantagesChart(arms) : undefined,
  };
}

function listOf({ courses, ...single }: Charts): Chart[] {
  return [...Object.values(single).filter((chart) => chart !== undefined), ...courses];
}

async function storiesOf(trajectories: string, arms: readonly Arm[], specs: RecordedSpecs): Promise<ArmStories[]> {
  const told: ArmStories[] = [];
  for (const arm of arms) {
    const { picks } = arm;
    if (picks === undefined) continue;
    const kinds = picks.areEqual ? (['best'] as const) : (['best', 'worst', 'median'] as const);
    const stories: ArmStories['stories'][number][] = [];
    const places = new Set<number>();
    for (const kind of kinds) {
      const place = picks[kind];
      if (places.has(place.start)) continue;
      places.add(place.start);
      stories.push({ kind, story: tellStory(await readRecordAt(trajectories, place), specs) });
    }
    told.push({ arm, stories });
  }
  return told;
}

/** The manifest in the same folder, or the reason why there is none, or how it contradicts the records. */
function manifestBeside(trajectories: string, figures: Figures): Pick<Contents, 'manifest' | 'manifestProblem'> {
  const path = join(dirname(trajectories), MANIFEST);
  if (!existsSync(path)) {
    return {
      manifest: undefined,
      manifestProblem: `There is no ${MANIFEST} beside the trajectories: it is unknown how they were made.`,
    };
  }
  let manifest: RunManifest;
  try {
    manifest = readRunManifest(path);
  } catch (error) {
    return { manifest: undefined, manifestProblem: `The manifest cannot be used: ${messageOf(error)}` };
  }
  const isShort = manifest.status === 'complete' && figures.episodes < manifest.episodes_written;
  const manifestProblem = isShort
    ? `The manifest counts ${manifest.episodes_written} episodes, but the file has ${figures.episodes}.`
    : undefined;
  return { manifest, manifestProblem };
}
