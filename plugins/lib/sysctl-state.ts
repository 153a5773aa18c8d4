import type { Ipv6Subjects } from './ipv6-subjects.ts'

/** What a step `sysctl` sees. */
export type SysctlState = Ipv6Subjects & {
  /** As the kernel prints it; null when there is nothing to read. */
  readonly value: string | null
  /** Why it cannot be set. */
  readonly fault: string | null
  /** Names like the one that is not there. */
  readonly near: readonly string[]
  /** Parameters that are different from what the kernel makes of them when this one is set; slashed key → value. */
  readonly exceptions: { readonly [path: string]: string }
  /** Link-local addresses, where setting the parameter makes the kernel add some. */
  readonly linkLocals: readonly (readonly string[])[]
  /** Links that have one of the parameters that are set together with this one. */
  readonly links: readonly string[]
}
