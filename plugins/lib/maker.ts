import type { Command } from '../../core/command.ts'
import type { Json } from '../../core/json.ts'
import type { Schema } from '../../core/schema.ts'
import type { StepDocs } from '../../core/step-docs.ts'
import type { Look } from '../../core/step.ts'
import type { LinkData } from './ip-json.ts'
import type { MadeInput } from './made-input.ts'

/** What a kind of links has beside name, mac and MTU; in words of ip-link(8). */
export type Params = { readonly [name: string]: Json }

/** What is there of a link that a step makes. */
export type SeenLink = {
  readonly name: string
  readonly ifindex: number
  readonly kind: string
  /** Empty where the kind has none, or where it is not known yet. */
  readonly mac: string
  /** 0 where it is not known yet. */
  readonly mtu: number
  readonly master: string | null
  /** The lower link: the name that is asked for when it is that one. */
  readonly over: string | null
  /** It has the group of a link that this very step has not made whole yet. */
  readonly begun: boolean
  readonly params: Params
}

/** What a step that makes a link observes. */
export type MadeState = {
  readonly link: SeenLink | null
  /** The ifindex of the lower link; null when it is not there, or none is asked for. */
  readonly lower: number | null
  /** The ports that are asked for and there, each with the bridge that it belongs to. */
  readonly ports: { readonly [port: string]: string | null }
  /** The links of its netns that stand on it: its ports, and those whose packets go through it. */
  readonly carries: readonly string[]
  /** Names like the one that is not there. */
  readonly near: readonly string[]
}

/** What is particular about a step type that makes a link of one kind. */
export interface Maker<Input extends MadeInput> {
  /** One of `madeKinds`. */
  readonly type: string
  readonly summary: string
  readonly docs: StepDocs
  readonly input: Schema<Input>
  /** The netns that the link is made from: that of its lower link, or of a tunnel's outer packets. */
  readonly home: (wanted: Input) => string | undefined
  /** The words behind `type KIND`. */
  readonly words: (wanted: Input) => readonly string[]
  /** The parameters that are asked for, as `sees` gives them. */
  readonly asks: (wanted: Input) => Params
  /** Reads the parameters that such a link has. */
  readonly sees: (data: LinkData, wanted: Input, look: Look) => Params
  /** The name of the lower link, where it stands among the parameters. */
  readonly lowerIn?: (data: LinkData) => string | undefined
  /** Makes the link, where that is not done by `ip link add`. */
  readonly add?: (wanted: Input) => Command
  /** What the link still needs: all of it when `now` is null, a link made a moment ago. */
  readonly finish?: (wanted: Input, now: SeenLink | null, ports: MadeState['ports']) => readonly Command[]
  /** What `finish` can put right. */
  readonly finishes?: readonly string[]
  /** Asked beside the links. */
  readonly probes?: (wanted: Input) => readonly Command[]
  /** What identifies the link beside its ifindex; its mac, where it has one of its own. */
  readonly keeps?: string
  /** Its MTU goes with that of its lower link, or of its ports. */
  readonly followsMtu: boolean
  /** The module of the kernel that brings the kind. */
  readonly module: string
  /** What some of its parameters need of the kernel. */
  readonly needs?: string
}
