/** The public API of the package. */

export {
  type Audit,
  type AuditOptions,
  audit,
  type Figure,
  type Measured,
} from './analysis/audit/audit.ts';
export type { Setting, Trial } from './analysis/autotune.ts';
export { type AutotuneOptions, autotune, type Tuning } from './analysis/autotune.ts';
export { Replay, replayEpisode, type Scene } from './analysis/replay.ts';
export { type SolveRequest, type SolveResult, solve } from './analysis/solve/solve.ts';
export { type Difference, type Verification, verifyRecording } from './analysis/verify.ts';
export { type RunVerification, verifyRun } from './analysis/verify-run.ts';
export { compareRuns, type RunComparison } from './evaluate/compare-runs.ts';
export { type Evaluation, evaluateRun } from './evaluate/evaluate-run.ts';
export type { Estimate } from './evaluate/evaluation.ts';
export { type Regrading, regradeRun } from './evaluate/regrade-run.ts';
export { GhostexecError, ValidationError } from './lib/errors.ts';
export { deriveSeed, Random } from './lib/random.ts';
export { PolicyFailure, RunHalted } from './policies/failure.ts';
export { createModelPolicy, type ModelPolicy, type ModelTotals } from './policies/model/model-policy.ts';
export { type ModelOptionsInput, modelOptionsSchema } from './policies/model/options.ts';
export { loadPolicy, POLICY_NAMES, policyNamed } from './policies/policies.ts';
export type {
  Actor,
  AnnotatedAnswer,
  Beginner,
  EpisodeActor,
  EpisodeNotes,
  EpisodeOutcome,
  Message,
  Policy,
  PolicyTurn,
  TurnAnswer,
  VectorActor,
} from './policies/policy.ts';
export { answerOf, type RecordedAnswer } from './records/recorded-answer.ts';
export {
  type EpisodeRecord,
  type EpisodeSummary,
  episodeRecordSchema,
  FAILURES,
  type FailureKind,
  type RecordedAction,
  recordJsonSchema,
  type StepRecord,
} from './records/schema.ts';
export { summarize, type TaskSummary } from './records/summary.ts';
export { groupAdvantages } from './records/trajectory-file.ts';
export { type CollectOptions, type CollectProgress, collect } from './rollout/collect.ts';
export { type RunManifest, readRunManifest } from './rollout/manifest.ts';
export { mergeShards } from './rollout/merge.ts';
export {
  checkPlan,
  type PlanInput,
  planJsonSchema,
  planSchema,
  type RolloutPlan,
  type RolloutShard,
} from './rollout/plan.ts';
export { readEpisodes } from './rollout/read-run.ts';
export { type RunOptions, type RunProgress, type RunResult, runRollout } from './rollout/run.ts';
export type { EnvResult, OpenStage, RecordedStep, Stage } from './rollout/stage.ts';
export { parseDrift, parseScenario, readDrift, readScenario } from './scenarios/files.ts';
export { listTasks, type TaskEntry, taskIds } from './scenarios/shipped.ts';
export { BREAKDOWN_FIELDS, type Breakdown, REWARD_MODES, type RewardMode } from './sim/breakdown.ts';
export { briefing } from './sim/observation/briefing.ts';
export {
  applyDelta,
  deltaOf,
  deltaText,
  type ObservationDelta,
  observationDeltaSchema,
} from './sim/observation/delta.ts';
export { type Metadata, metadataJsonSchema } from './sim/observation/metadata.ts';
export {
  type Observation,
  type ObservedContact,
  type ObservedEmail,
  type ObservedMeeting,
  type ObservedTask,
  observationJsonSchema,
  observationSchema,
} from './sim/observation/observation.ts';
export { RULES, type Rules } from './sim/rules.ts';
export { gradeV1, V1_GRADERS, type V1Grader } from './sim/v1/grade.ts';
export type { Attribution } from './sim/v2/explain.ts';
export type { Grade } from './sim/v2/grade.ts';
export { PROMPT_SHA256, systemPrompt } from './sim/v2/prompt.ts';
export { Batch, type EnvInfo, type FinalObservation } from './vector/batch.ts';
export * from './vector/errors.ts';
export type { OnRecovery, ResetOptions, VectorOptions } from './vector/options.ts';
export { SoloEnv, type SoloOptions, type SoloStep } from './vector/solo-env.ts';
export type { Autoreset, EnvSpec } from './vector/spec.ts';
export type { Recovery } from './vector/supervision.ts';
export { VectorEnv } from './vector/vector-env.ts';
export { type PolicyAnswer, type ReadAction, readAction } from './world/completion/completion.ts';
export {
  type Action,
  actionSchema,
  type Drift,
  type DriftInput,
  driftSchema,
  jsonSchemaOf,
  type Scenario,
  type ScenarioInput,
  scenarioSchema,
} from './world/schema.ts';
