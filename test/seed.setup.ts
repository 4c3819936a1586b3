/**
 * Property tests draw the same cases in every run, so that a commit that has passed passes again. FC_SEED=random draws other
 * cases in each run, and FC_SEED=<number> those of one run.
 */
import fc from 'fast-check';

const { FC_SEED = '1' } = process.env;

fc.configureGlobal(FC_SEED === 'random' ? {} : { seed: Number(FC_SEED) });
