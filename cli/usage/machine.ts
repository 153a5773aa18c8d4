import type { Kit } from './kit.ts'

/** Defines the verbs for the machine that nsnet works on: what it has, what is kept on it, how nsnet is at home there. */
export function defineMachine(_: Kit): void {}
