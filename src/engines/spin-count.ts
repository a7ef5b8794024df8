/**
 * How long a thread of GNU's OpenMP spins when it waits for others, in turns of its loop, before it sleeps: the value of
 * GOMP_SPINCOUNT. OpenMP's own default of some milliseconds takes the core from whoever it waits for as soon as anything else
 * runs on the machine.
 */
export const SPIN_COUNT = "1000";

/** Whether somebody has said in the environment how OpenMP's threads wait. */
export const saysHowToWait = ({ GOMP_SPINCOUNT, OMP_WAIT_POLICY }: NodeJS.ProcessEnv): boolean =>
  Boolean(GOMP_SPINCOUNT || OMP_WAIT_POLICY);
