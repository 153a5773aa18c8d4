/**
 * What the doctor found of one thing. `ok`: as it should be, or no matter. `warn`: some workflows will meet it, or one way of
 * using nsnet is closed. `fail`: steps or nsnet itself cannot work here.
 */
export type Level = 'ok' | 'warn' | 'fail'

/** What a finding is about; in the order in which they are shown. */
export const topics = {
  tools: 'Tools',
  kernel: 'Kernel, tried in a private namespace',
  privileges: 'Privileges',
  firewall: 'Firewall and forwarding',
  host: 'Host',
  state: 'State directory',
} as const

export type Topic = keyof typeof topics

/** A finding as its topic makes it. */
export interface Found {
  readonly what: string
  readonly level: Level
  /** What is there. */
  readonly found: string
  /** What to do about it; a line each. */
  readonly fix?: string | undefined
  /** The command that told it, as a shell would read it. */
  readonly by?: string | undefined
}

/** A line of `nsnet doctor`, as data. */
export interface Finding extends Found {
  readonly topic: Topic
}

/** Makes a finding of what is as it should be. */
export const ok = (what: string, found: string, by?: string): Found => ({ what, level: 'ok', found, by })

/** Makes a finding of what some workflows will meet. */
export const warn = (what: string, found: string, fix: string, by?: string): Found => ({
  what,
  level: 'warn',
  found,
  fix,
  by,
})

/** Makes a finding of what keeps nsnet or its steps from working. */
export const fail = (what: string, found: string, fix: string, by?: string): Found => ({
  what,
  level: 'fail',
  found,
  fix,
  by,
})
