/**
 * Loaded into the real nsnet by `node --import`: counts the boundaries of what it does to the world, and ends it with
 * SIGKILL at the one with the number `NSNET_KILL_AT`. With `NSNET_BOUNDARIES` each is written to that file.
 *
 * A boundary stands where the journal or the kernel has just changed, or is half changed: inside and after each write of a
 * journal, inside and after each command, in the middle of each batch, after each parameter that is set. With `NSNET_EVERY_BOUNDARY` also those that leave the same behind as the one
 * before: before a write, between a write and its fdatasync, around commands that only look.
 */
import childProcess from 'node:child_process'
import fs from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { appendFileSync, openSync, readFileSync, writeSync } = fs
const { NSNET_KILL_AT, NSNET_BOUNDARIES, NSNET_EVERY_BOUNDARY } = process.env

let count = 0
function boundary(what, half = () => undefined) {
  count += 1
  if (NSNET_BOUNDARIES) appendFileSync(NSNET_BOUNDARIES, `${what}\n`)
  if (count !== Number(NSNET_KILL_AT)) return
  half()
  process.kill(process.pid, 'SIGKILL')
}

function sameAgain(what) {
  if (NSNET_EVERY_BOUNDARY) boundary(what)
}

const { open } = files
files.open = async (path, ...how) => {
  const file = await open(path, ...how)
  return String(path).endsWith('.jsonl') ? watched(file) : file
}

function watched(file) {
  const { appendFile, datasync } = file
  file.appendFile = async (text) => {
    const what = nameOf(text)
    sameAgain(`before ${what} is written`)
    boundary(`${what} is half written`, () => writeSync(file.fd, text.slice(0, text.length / 2)))
    await appendFile.call(file, text)
    boundary(`${what} is written`)
  }
  file.datasync = async () => {
    await datasync.call(file)
    sameAgain('the journal is on disk')
  }
  return file
}

function nameOf(text) {
  const [first, ...rest] = text.trim().split('\n')
  return [first, ...rest.slice(-1)].map(eventIn).join(' to ')
}

function eventIn(line) {
  const { type, step = '' } = JSON.parse(line).event
  return `${type} ${step}`.trim()
}

const { spawn } = childProcess
childProcess.spawn = (program, args, ...options) => {
  const line = shown(args)
  if (line === 'sh') return watchedHelper(spawn(program, args, ...options))
  const tell = changes.test(line) ? boundary : sameAgain
  sameAgain(`before ${line}`)
  const child = spawn(program, args, ...options)
  if (batch.test(line)) watchStdin(child, line)
  tell(`inside ${line}`)
  child.prependListener('exit', () => tell(`after ${line}`))
  return child
}

/** The first half of a batch is done, the rest has not come. */
function watchStdin({ pid, stdin }, line) {
  const write = stdin.write.bind(stdin)
  stdin.write = (text, ...more) => {
    stdin.write = write
    boundary(`half of ${line}`, () => {
      write(halfOf(String(text)))
      until(() => isAtRest(pid))
    })
    return write(text, ...more)
  }
}

/** A helper gets one command after another by its stdin, and prints a mark behind each. @see core/crew.ts */
function watchedHelper(child) {
  const { stdin, stdout } = child
  const write = stdin.write.bind(stdin)
  let after
  stdin.write = (script, ...more) => {
    const [, words, , text = '', mark] =
      /^(.*?) (<\/dev\/null|<<'\w+'\n([\s\S]*?))(?:\w{24})?\nprintf '[^']*' (\w+)/s.exec(script)
    const line = shown(words.replaceAll("'", '').split(' ').slice(1))
    const tell = changes.test(line) ? boundary : sameAgain
    sameAgain(`before ${line}`)
    if (batch.test(line))
      boundary(`half of ${line}`, () => {
        write(script.replace(text, () => halfOf(text)))
        until(() => childrenOf(child.pid) !== '')
        until(() => childrenOf(child.pid) === '')
      })
    const went = write(script, ...more)
    tell(`inside ${line}`, () => until(() => childrenOf(child.pid) !== ''))
    let said = ''
    after = (chunk) => {
      said = `${said}${chunk}`.slice(-100)
      if (said.includes(`\n${mark} `)) tell(`after ${line}`)
    }
    return went
  }
  stdout.prependListener('data', (chunk) => after?.(chunk))
  return child
}

const parameters = new Map()
fs.openSync = (path, flags, ...more) => {
  const fd = openSync(path, flags, ...more)
  if (String(path).startsWith('/proc/sys/') && flags & fs.constants.O_WRONLY) parameters.set(fd, path)
  else parameters.delete(fd)
  return fd
}
fs.writeSync = (fd, ...what) => {
  if (!parameters.has(fd)) return writeSync(fd, ...what)
  sameAgain(`before ${parameters.get(fd)} is set`)
  const written = writeSync(fd, ...what)
  boundary(`${parameters.get(fd)} is set`)
  return written
}

const shown = (args) =>
  args
    .join(' ')
    .replace(/^--pdeathsig KILL -- /, '')
    .replace(/^nsenter --net=\S+ -- /, '')

const halfOf = (text) => {
  const lines = text.split(/(?<=\n)/)
  return lines.slice(0, Math.ceil(lines.length / 2)).join('')
}

const childrenOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')

/** Says whether a process has ended, or has done nothing for longer than the kernel takes for anything. */
function isAtRest(pid) {
  const before = statOf(pid)
  Atomics.wait(pause, 0, 0, 60)
  return before === statOf(pid) && !/ [RD] /.test(before)
}

function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Waits, without letting nsnet go on; what does not come within two seconds was over before it was seen. */
function until(holds) {
  const end = Date.now() + 2000
  while (!holds() && Date.now() < end) Atomics.wait(pause, 0, 0, 1)
}

const batch = /^ip (?!.*-json).*-batch/

const changes = new RegExp(
  String.raw`${batch.source}|^ip .*\b(add|set|delete|replace|del)\b|^(ip netns exec \S+ )?(ip6?tables\S* -w|sysctl .*-w|nft -f)`,
)

syncBuiltinESMExports()
