/**
 * node scripts/check-prose.mjs [PATH...]: looks for unclear turns of phrase (docs/STYLE.md) in comments, messages and documents. Prints
 * a line for each and exits with 1 if there is one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What to look for, and what to write instead. */
const TURNS = [
  [/\b(?:is|are|was|were|be|been|being) told\b/i, '"receives", "gets", "learns", "is reported"'],
  [/\bwho(?:m)?ever\b/i, 'the actor: "the caller", "a client that …"'],
  [/\b(?:[Ss]omebody|[Nn]obody|[Aa]nybody|NOBODY)(?:'s)?\b(?! [A-Z])/, 'the actor: "the client", "no caller"'],
  [/\bwhere (?:it|they|that|this) (?:is|are) asked for\b/i, '"on request"'],
  [/\basked for\b/i, '"requested"'],
  [/\bof (?:one's|somebody's) own\b/i, '"its own", "custom"'],
  [/\bso many\b(?! that\b)/i, '"the number of", "at most N"'],
  [/\bso much\b(?! that\b)/i, '"the amount of"'],
  [/\bat the most\b/i, '"at most"'],
  [/\bwhat (?:becomes|has become|became) of\b/i, '"the status of", "the result of"'],
  [/\bwhere there (?:is|are)\b/i, '"if there is"'],
  [/(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|later\b|earlier\b|one\b|different\b)(?=[a-z])/i, '"is not a …"'],
  [/\banew\b/i, '"again", "from the beginning"'],
  [/\bquicker\b/i, '"faster"'],
  [/\b(?:holds?|held) (?:\w+ ){0,4}against\b/i, '"compares with"'],
  [/\bto be had\b/i, '"available"'],
  [/\bin (?:its|their) stead\b/i, '"instead"'],
  [/\bdesks?\b/i, '"scratch state"'],
  [/\bportions?\b/i, '"chunk"'],
  [/\blanes?\b/i, '"queue" (of a shard), "column" (of a tree)'],
  [/\boutlook\b/i, '"estimate"'],
];

/** Texts that observations and recordings show, which keep their bytes. */
const KEPT = /is no plain object|that is no plain object|are no object: got|what became of \[|Front desk/g;

const FOLDERS = ['src', 'test', 'bench', 'scripts', 'docs', 'README.md', 'openenv.yaml'];
const LEFT_OUT = /^test\/(?:conformance|support\/days)\/|\.(?:json|jsonl|png|svg)$|^docs\/STYLE\.md$|^scripts\/check-prose\.mjs$|^src\/sim\/v2\/judge\/language\.ts$|^test\/judge\//;

const paths = process.argv.slice(2);
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...(paths.length > 0 ? paths : FOLDERS)], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(?:ts|tsx|mjs|mts|md|css|html|yaml|py)$/.test(file) && !LEFT_OUT.test(file));

let found = 0;
for (const file of files) {
  readFileSync(file, 'utf8').split('\n').forEach((line, index) => {
    for (const [turn, instead] of TURNS) {
      const match = turn.exec(line.replace(KEPT, ''));
      if (match === null) continue;
      found++;
      console.log(`${file}:${index + 1}: "${match[0]}"; write ${instead}: ${line.trim().slice(0, 120)}`);
    }
  });
}
if (found > 0) {
  console.error(`${found} unclear turns of phrase; docs/STYLE.md says how we write`);
  process.exit(1);
}
