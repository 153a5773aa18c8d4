import type { Scope } from './expression-values.ts'
import type { Given } from './given.ts'
import type { Json } from './json.ts'
import type { Edge } from './later-references.ts'
import type { Registry } from './registry.ts'
import type { Round } from './round-text.ts'
import type { Facts } from './step.ts'
import type { Block, Draft, DraftStep } from './workflow.ts'

/** What the check of one step needs to know of the others. */
export interface Site {
  readonly draft: Draft
  readonly registry: Registry
  readonly facts: Facts
  readonly given: Given
  readonly inputs: { readonly [name: string]: Json }
  /** The steps of the file by their ids there; of those with the same one, the first. */
  readonly places: ReadonlyMap<string, StepPlace>
  /** What the blocks with `forEach` are done for; one with a mistake is missing. */
  readonly rounds: Map<Block, Rounds>
  /** References to later steps, or of a step to itself. */
  readonly edges: Edge[]
  /** Steps that are given a secret, so that their outputs may hold it. */
  readonly secretive: Set<DraftStep>
}

/** Where a step stands in the file. */
export interface StepPlace {
  readonly block: Block
  readonly step: DraftStep
  /** Counts the steps of the file from 0. */
  readonly order: number
}

/** What a block is done for, one round after the other. */
export interface Rounds {
  readonly all: readonly KeyedRound[]
  /** Finds the number of a round by what tells it apart. */
  readonly byKey: ReadonlyMap<string, number>
}

/** A round, and what tells it apart in the ids of its steps. */
export interface KeyedRound extends Round {
  readonly key: string
}

/** What the expressions of a step read, in a round or without one. */
export type StepScope = Scope & { readonly round: KeyedRound | undefined }
