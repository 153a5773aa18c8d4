import { helpers } from '../core/crew.ts'
import type { Exec } from '../core/command.ts'
import { processExec, type ExecOptions } from '../core/exec.ts'
import type { Facts } from '../core/step.ts'
import { linksIn } from './absent-links.ts'
import { netnsOf, readFacts } from './facts.ts'

/** Where runs work: the netns that nsnet itself is in, or a sandbox. */
export interface Place {
  /** Makes what runs commands there. */
  readonly exec: (options?: Omit<ExecOptions, 'inside'>) => Exec
  /** Reads the facts of the host there. @throws TOOL_MISSING, TOOL_FAILED */
  readonly facts: () => Promise<Facts>
  /** Inode of the netns of the host there. */
  readonly netns: () => number
  /** The links of the host there. */
  readonly links: () => readonly string[]
  /** Starts helpers before there is work for them. */
  readonly warmUp: () => void
}

/** Where nsnet itself is. */
export const here: Place = {
  exec: processExec,
  facts: () => readFacts(processExec(), '/proc/self'),
  netns: () => netnsOf('/proc/self'),
  links: () => linksIn('/proc/self'),
  warmUp: helpers.warmUp,
}
