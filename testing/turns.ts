import { availableParallelism } from 'node:os'
import { turns } from '../core/turns.ts'

/**
 * Does a work when it is its turn: so many sandboxes at once, at most, twice as many as there are cores, since much of a trial is
 * waiting for the kernel.
 */
export const inTurn = turns(2 * availableParallelism())
