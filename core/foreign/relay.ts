import type { MessagePort } from 'node:worker_threads'

/** What the thread that talks to a plugin's process is given. */
export interface RelayData {
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Takes lines, and gives replies. */
  readonly port: MessagePort
  /** Three words: 1 in the first as soon as a reply is there, the process id in the second, 1 in the third when it is over. */
  readonly shared: SharedArrayBuffer
  /** Characters that one line of an answer has at most. */
  readonly longest: number
  /** Characters of stderr that are kept, the last ones. */
  readonly tail: number
}

/** What came back for one line. */
export type Reply =
  | { readonly line: string; readonly extra: string }
  | { readonly tooLong: true }
  | { readonly ended: number | string; readonly stderr: string; readonly stdout: string }

/**
 * Runs in a thread of its own, by its text: so it uses nothing from around it. Starts a process, writes each message from the
 * main thread as a line to its stdin, and gives back the next line of its stdout, or how it ended.
 */
export function relay(): void {
  const { workerData } = process.getBuiltinModule('node:worker_threads')
  const { spawn } = process.getBuiltinModule('node:child_process')
  const { argv, env, port, shared, longest, tail } = workerData as RelayData
  const words = new Int32Array(shared)
  const isOver = (): boolean => Atomics.load(words, 2) === 1
  if (isOver()) return
  const child = spawn(argv[0]!, argv.slice(1), { env, detached: true, stdio: 'pipe' })
  Atomics.store(words, 1, child.pid ?? 0)
  // either this is seen here, or the process id by the main thread
  if (isOver()) {
    child.on('error', () => undefined)
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    return
  }
  let [waits, stdout, stderr]: [boolean, string, string] = [false, '', '']
  let end: Reply | undefined
  const tell = (reply: Reply): void => {
    waits = false
    port.postMessage(reply)
    Atomics.store(words, 0, 1)
    Atomics.notify(words, 0)
  }
  const check = (): void => {
    const at = stdout.indexOf('\n')
    if (waits && at !== -1) {
      const line = stdout.slice(0, at)
      stdout = stdout.slice(at + 1)
      tell({ line, extra: stdout })
    } else if (waits && end) tell(end)
    else if (stdout.length > longest) {
      child.stdout.destroy()
      end = { tooLong: true }
      if (waits) tell(end)
    }
  }
  const ended = (how: number | string): void => {
    gather()
    end ??= { ended: how, stderr, stdout }
    check()
  }
  // a long line comes in many pieces: they are put together once
  let [pieces, size]: [string[], number] = [[], 0]
  const gather = (): void => {
    stdout += pieces.join('')
    ;[pieces, size] = [[], 0]
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    pieces.push(text)
    size += text.length
    if (!text.includes('\n') && size <= longest) return
    gather()
    check()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-tail)
  })
  child.stdin.on('error', () => undefined)
  child.on('error', ({ message }) => ended(message))
  child.on('close', (code, signal) => ended(code ?? signal ?? 0))
  port.on('message', (line: string) => {
    waits = true
    gather()
    if (stdout !== '' || end) check()
    else child.stdin.write(line)
  })
}
