import type { Limit } from './packet-limits.ts'

/** A table of the packet filter, with the chains that see packets and those that are jumped to. */
export interface FilterTable {
  readonly backend: 'nft' | 'iptables-nft' | 'iptables-legacy'
  /** As the backend says it: `inet`, `ip` … of nft, `ipv4` or `ipv6` of iptables. */
  readonly family: string
  readonly name: string
  readonly comment: string | null
  readonly chains: readonly FilterChain[]
}

/** A chain; only one that is hooked into the path of packets has a hook and a policy. */
export interface FilterChain {
  readonly name: string
  /** `forward`, `input` …; null for a chain that is only jumped to. */
  readonly hook: string | null
  readonly policy: 'accept' | 'drop'
  /** Packets that the policy was applied to; null when nobody counts. */
  readonly packets: number | null
  readonly rules: readonly FilterRule[]
}

/** A rule of a chain. */
export interface FilterRule {
  readonly verdict: 'accept' | 'drop' | 'reject' | 'return' | 'jump' | 'goto' | 'other'
  /** Where a `jump` or `goto` leads. */
  readonly to: string | null
  readonly limits: readonly Limit[]
  /** It has no conditions at all. */
  readonly always: boolean
  /** Packets that met it; null when nobody counts. */
  readonly packets: number | null
  readonly comment: string | null
  /** As its backend writes it, without counters. */
  readonly text: string
}
