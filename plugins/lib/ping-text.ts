/** What a try to reach somebody came to; times in milliseconds. */
export type Reach = {
  readonly ok: boolean
  /** The address that the name stood for; null when it could not be resolved. */
  readonly to: string | null
  /** Packets, of ping only. */
  readonly transmitted: number | null
  readonly received: number | null
  readonly lossPercent: number | null
  /** Round trips of those packets that were answered. */
  readonly rtt: { readonly min: number; readonly avg: number; readonly max: number; readonly mdev: number } | null
  /** How long it took to connect, of TCP only. */
  readonly ms: number | null
  /** Why it failed; empty when it did not. */
  readonly error: string
}

/** Reads what iputils' ping printed and its exit code: 0 when anybody answered. @see ping(8) */
export function parsePing(stdout: string, stderr: string, exitCode: number): Reach {
  const [, transmitted, received] = /^(\d+) packets transmitted, (\d+) received/m.exec(stdout) ?? []
  const loss = /([\d.]+)% packet loss/.exec(stdout)?.[1]
  const [, min, avg, max, mdev] = /^rtt \S+ = ([\d.]+)\/([\d.]+)\/([\d.]+)\/([\d.]+) ms/m.exec(stdout) ?? []
  const to = /^PING .*?\(([\da-f.:]+)(?:%\S+)?\)/.exec(stdout)?.[1] ?? null
  const ok = exitCode === 0 && Number(received ?? 0) > 0
  return {
    ok,
    to,
    transmitted: number(transmitted),
    received: number(received),
    lossPercent: number(loss),
    rtt: mdev === undefined ? null : { min: Number(min), avg: Number(avg), max: Number(max), mdev: Number(mdev) },
    ms: null,
    error: ok ? '' : errorOf(stdout, stderr),
  }
}

/** Reads the line of JSON that the TCP script printed. */
export function parseTcp(stdout: string): Reach {
  const said = JSON.parse(stdout || '{}') as Partial<Pick<Reach, 'ok' | 'ms' | 'error' | 'to'>>
  const { ok = false, ms = null, error = '', to = null } = said
  const packets = { transmitted: null, received: null, lossPercent: null, rtt: null }
  return { ok, to, ...packets, ms: ok ? ms : null, error: ok ? '' : error || 'nothing was said' }
}

const number = (text: string | undefined): number | null => (text === undefined ? null : Number(text))

/** What ping complains of, else what a router answered, else the loss. */
function errorOf(stdout: string, stderr: string): string {
  const complaint = stderr
    .split('\n')
    .find((line) => line.startsWith('ping: '))
    ?.slice('ping: '.length)
  const answer = /^From (\S+).* icmp_seq=\d+ (.*)$/m.exec(stdout)
  const loss = /[\d.]+% packet loss/.exec(stdout)?.[0]
  return complaint ?? (answer ? `${answer[2]} (from ${answer[1]})` : (loss ?? 'nothing was said'))
}
