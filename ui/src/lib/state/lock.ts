/**
 * Why the page is locked: nobody has logged in yet, the session ended by itself
 * or elsewhere, or it was ended here.
 */
export type LockReason = 'first' | 'ended' | 'left';

export const LOCK_SENTENCES: Readonly<Record<LockReason, string>> = {
  first: 'This broker shows what it holds to those who know its password.',
  ended: 'Your session has ended. Log in again to go on; what you typed is still there.',
  left: 'You are logged out.',
};
