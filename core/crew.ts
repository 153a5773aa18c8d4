import { randomBytes } from 'node:crypto'
import { gather } from './gather.ts'
import { endGroup, PROGRAM, start, UNDER, type Done, type Ended, type Job, type Running } from './spawn.ts'

/**
 * Helpers that run commands for nsnet: each is a small shell that reads one command after another from its stdin. A
 * process of Node copies its page tables for every child (1.3 ms of standing still at 56 MB, 3.1 at 109, 4.6 at 162);
 * the copy that a small shell makes of itself costs next to nothing, and nsnet 0.2 ms.
 *
 * A helper sees the words of a command only between single quotes, its stdin only in a here-document with a quoted end:
 * nothing in them means anything to it. Helper and command die with nsnet, each by its own setpriv(1).
 */
export interface Crew {
  /** Runs one command as soon as a helper is free; undefined when no helper can be had, and nothing was run. */
  readonly run: (job: Job) => Promise<Done | undefined>
  /** Starts helpers before there is work for them, while something else takes its time. */
  readonly warmUp: () => void
  /** There are helpers. */
  readonly isWarm: () => boolean
}

/** So many helpers do for a few commands: as many as there are cores to run them. */
const FEW = 2

/** At most so many helpers at once: on two busy cores eight are done in half the time of two, sixteen no sooner. */
const MOST = 8

/** After so long without a free helper one more is started, in milliseconds: those at work may have to wait themselves. */
const PATIENCE_MS = 50

/** A helper without work for so long goes home, in milliseconds. */
const IDLE_MS = 2000

/** The longest stdin that a shell gives to its command without another process, in bytes (POSIX PIPE_BUF on Linux). */
const MOST_STDIN = 4096

/** Says whether a helper can run a command exactly as it is. */
export const canHelp = (argv: readonly string[], stdin: string | undefined): boolean =>
  !argv.some((word) => word.includes('\0')) &&
  (stdin === undefined || (/^[^\0]*\n$/.test(stdin) && Buffer.byteLength(stdin) <= MOST_STDIN))

/** The helpers of this nsnet: they are started when all others have more to do than a start takes. */
export const helpers: Crew = crewIn([])

/** Makes a crew whose helpers are put into another place by the words in front of them. */
export function crewIn(enter: readonly string[]): Crew {
  const idle: Helper[] = []
  const waiting: ((helper: Helper | undefined) => void)[] = []
  let count = 0
  const free = (helper: Helper): void => {
    const next = waiting.shift()
    if (next) next(helper)
    else idle.push(helper)
  }
  const retire = (helper: Helper): void => {
    if (idle.includes(helper)) idle.splice(idle.indexOf(helper), 1)
  }
  const leave = (helper: Helper): void => {
    count -= 1
    retire(helper)
    const next = waiting.shift()
    if (next) next(hire())
  }
  const hire = (): Helper | undefined => {
    count += 1
    const helper = helperWith(enter, { free, retire, leave })
    if (!helper) count -= 1
    return helper
  }
  // a helper takes as long to start as some commands to run
  const isNeeded = (): boolean => count < FEW || (count < MOST && waiting.length >= count)
  const wait = (): Promise<Helper | undefined> =>
    new Promise((resolve) => {
      const patience = setTimeout(() => {
        if (count < MOST) waiting.splice(waiting.indexOf(take), 1)[0]?.(hire())
      }, PATIENCE_MS)
      const take = (helper: Helper | undefined): void => {
        clearTimeout(patience)
        resolve(helper)
      }
      waiting.push(take)
    })
  return {
    async run(job) {
      const helper = idle.pop() ?? (isNeeded() ? hire() : await wait())
      return await helper?.run(job)
    },
    warmUp() {
      for (let more = FEW - count; more > 0; more--) {
        const helper = hire()
        if (helper) idle.push(helper)
      }
    },
    isWarm: () => count > 0,
  }
}

interface Helper {
  readonly run: (job: Job) => Promise<Done>
}

/** What a helper tells of itself: it has no work, takes no more, is gone. */
interface Told {
  readonly free: (helper: Helper) => void
  readonly retire: (helper: Helper) => void
  readonly leave: (helper: Helper) => void
}

/** Starts a helper; undefined when it cannot be started. */
function helperWith(enter: readonly string[], { free, retire, leave }: Told): Helper | undefined {
  const shell = start([...enter, 'sh'], {}, 'many')
  if (shell.pid === undefined) return undefined
  const told = listen(shell)
  let finish: ((done: Done) => void) | undefined
  let rest: NodeJS.Timeout | undefined
  // what it is given from now on it would not read any more
  const goHome = (): void => {
    retire(helper)
    shell.stdin?.end()
  }
  const helper: Helper = {
    run: ({ argv, stdin, begun, maxBytes }) =>
      new Promise((resolve) => {
        finish = resolve
        shell.hold(true)
        clearTimeout(rest)
        told.next(maxBytes, (done) => {
          shell.hold(false)
          rest = setTimeout(goHome, IDLE_MS).unref()
          resolve(done)
          free(helper)
        })
        begun(() => endGroup(shell.pid))
        shell.stdin?.write(script(argv, stdin, told.mark))
      }),
  }
  shell.stdin?.on('error', () => undefined)
  // nobody waits for a helper without work
  shell.hold(false)
  const gone = ({ exitCode, reason }: Ended): void => {
    leave(helper)
    finish?.({ ...told.soFar(), exitCode: exitCode === 0 ? 1 : exitCode, reason })
  }
  shell.ended.then(gone, gone)
  return helper
}

/** Listens to a helper: what it prints up to its mark, on stdout and stderr, is what came of a command. */
function listen(shell: Running) {
  // no output can hold what it has never seen
  const mark = randomBytes(12).toString('hex')
  const [code, end] = [new RegExp(`\n${mark} (\\d+)\n$`), `\n${mark}\n`]
  let waiting: { readonly done: (done: Done) => void; readonly maxBytes: number } | undefined
  const check = (): void => {
    if (out.bytes() + err.bytes() > (waiting?.maxBytes ?? 0)) return endGroup(shell.pid)
    const told = err.tail(end.length) === end ? code.exec(out.tail(60)) : null
    if (!told || !waiting) return
    const { done } = waiting
    const { stdout, stderr } = soFar()
    waiting = undefined
    out.clear()
    err.clear()
    done({
      stdout: stdout.slice(0, -told[0].length),
      stderr: stderr.slice(0, -end.length),
      exitCode: Number(told[1]),
      reason: '',
    })
  }
  const [out, err] = [gather(shell.stdout, check), gather(shell.stderr, check)]
  const soFar = (): { readonly stdout: string; readonly stderr: string } => ({ stdout: out.text(), stderr: err.text() })
  return { mark, soFar, next: (maxBytes: number, done: (done: Done) => void) => void (waiting = { maxBytes, done }) }
}

/** Writes what a helper reads: a command, and what it is to say on stdout and stderr when that has ended. */
function script(argv: readonly string[], stdin: string | undefined, mark: string): string {
  const words = [PROGRAM, ...UNDER, ...argv].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  const input = stdin === undefined ? '</dev/null' : `<<'${mark}'\n${stdin}${mark}`
  return `${words.join(' ')} ${input}\nprintf '\\n%s %d\\n' ${mark} $?; printf '\\n%s\\n' ${mark} >&2\n`
}
