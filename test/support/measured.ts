import { spawnSync } from 'node:child_process'

/** What came of a process, and what it cost. */
export interface Measured {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** Seconds of processor time: unlike the time on the wall, it does not depend on who else is at work. */
  readonly seconds: number
  readonly megabytes: number
}

const report = `import { writeSync } from 'node:fs'
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  writeSync(3, JSON.stringify([(userCPUTime + systemCPUTime) / 1e6, maxRSS / 1024]))
})`

/** Runs the real nsnet to its end, with what it costs; one that does not end within a minute is killed and costs for ever. */
export function measured(...args: readonly string[]): Measured {
  const argv = ['--import', `data:text/javascript,${encodeURIComponent(report)}`, 'dist/nsnet.js', ...args]
  const { status, stdout, stderr, output } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
  })
  const [seconds, megabytes] = JSON.parse(output[3] || '[999,99999]') as readonly [number, number]
  return { status, stdout, stderr, seconds, megabytes }
}
