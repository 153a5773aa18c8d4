/**
 * Loaded into the real nsnet by `node --import`: counts the boundaries of what it does to the world, and ends it with
 * SIGKILL at the one with the number `NSNET_KILL_AT`. With `NSNET_BOUNDARIES` each is written to that file.
 *
 * A boundary stands where the journal or the kernel has just changed, or is half changed: inside and after each write of a
 * journal, inside and after each command, after each parameter that is set. What is written or done at one go has several
 * inside: with the first line, half of it, all but the last line. With `NSNET_EVERY_BOUNDARY` also those that leave the same
 * behind as the one before: before a write, between a write and its fdatasync, around commands that only look.
 *
 * With `NSNET_KILL_CHANGE` it is ended as soon as so many changes of the kernel are done, those of a batch counted one by
 * one: between two commands. What changes the kernel is known of the usual tools; `NSNET_CHANGES` is a list (JSON) of more
 * command lines that do.
 */
import childProcess from 'node:child_process'
import fs from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { appendFileSync, openSync, readFileSync, writeSync } = fs
const { NSNET_KILL_AT, NSNET_KILL_CHANGE, NSNET_CHANGES, NSNET_BOUNDARIES, NSNET_EVERY_BOUNDARY } = process.env

let count = 0
function boundary(what, half = () => undefined) {
  count += 1
  if (NSNET_BOUNDARIES) appendFileSync(NSNET_BOUNDARIES, `${what}\n`)
  if (count !== Number(NSNET_KILL_AT)) return
  half()
  process.kill(process.pid, 'SIGKILL')
}

let changed = 0
/** Stands behind so many changes of the kernel. */
function done(what, changes = 1) {
  boundary(what)
  const before = changed
  changed += changes
  const last = Number(NSNET_KILL_CHANGE)
  if (last > before && last <= changed) process.kill(process.pid, 'SIGKILL')
}

/** Stands before a batch: ends nsnet when so many of its changes are done, where the next one would be too many. */
function amidst(text, half) {
  const cut = Number(NSNET_KILL_CHANGE) - changed
  if (!(cut > 0 && cut < changesIn(text))) return
  half(
    linesOf(text)
      .slice(0, cut * LINES_OF_A_CHANGE)
      .join(''),
  )
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
    for (const [how, part] of partsOf(text, 1)) boundary(`${how} of ${what} is written`, () => writeSync(file.fd, part))
    boundary(`${what} is torn`, () => writeSync(file.fd, text.slice(0, text.length / 2)))
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
  const isChange = changes.test(line) || named.has(line)
  sameAgain(`before ${line}`)
  const child = spawn(program, args, ...options)
  let inIt = 1
  if (batch.test(line)) watchStdin(child, line, (text) => (inIt = changesIn(text)))
  if (isChange) boundary(`inside ${line}`)
  else sameAgain(`inside ${line}`)
  child.prependListener('exit', () => (isChange ? done(`after ${line}`, inIt) : sameAgain(`after ${line}`)))
  return child
}

/** The first part of a batch is done, the rest has not come. */
function watchStdin({ pid, stdin }, line, see) {
  const write = stdin.write.bind(stdin)
  stdin.write = (text, ...more) => {
    stdin.write = write
    see(String(text))
    const half = (part) => {
      write(part)
      until(() => isAtRest(pid))
    }
    for (const [how, part] of partsOf(String(text), LINES_OF_A_CHANGE)) boundary(`${how} of ${line}`, () => half(part))
    amidst(String(text), half)
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
    const isChange = changes.test(line) || named.has(line)
    const tell = isChange ? boundary : sameAgain
    sameAgain(`before ${line}`)
    if (batch.test(line)) {
      const half = (part) => {
        write(script.replace(text, () => part))
        until(() => childrenOf(child.pid) !== '')
        until(() => childrenOf(child.pid) === '')
      }
      for (const [how, part] of partsOf(text, LINES_OF_A_CHANGE)) boundary(`${how} of ${line}`, () => half(part))
      amidst(text, half)
    }
    const went = write(script, ...more)
    tell(`inside ${line}`, () => until(() => childrenOf(child.pid) !== ''))
    if (transaction.test(line)) boundary(`amid ${line}`, () => amid(child.pid))
    let said = ''
    after = (chunk) => {
      said = `${said}${chunk}`.slice(-100)
      if (!said.includes(`\n${mark} `)) return
      if (isChange) done(`after ${line}`, batch.test(line) ? changesIn(text) : 1)
      else sameAgain(`after ${line}`)
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
  done(`${parameters.get(fd)} is set`)
  return written
}

const shown = (args) =>
  args
    .join(' ')
    .replace(/^--pdeathsig KILL -- /, '')
    .replace(/^nsenter --net=\S+ -- /, '')

/** Behind each change in a batch stands a line that prints something. @see core/join-ip.ts */
const LINES_OF_A_CHANGE = 2

/** Cuts a text of so many lines a change: behind the first change, in the middle, and before the last one. */
function partsOf(text, linesOfAChange) {
  const lines = linesOf(text)
  const total = Math.ceil(lines.length / linesOfAChange)
  const cuts = [
    ['half', Math.ceil(total / 2)],
    ['the first', 1],
    ['all but the last', total - 1],
  ]
  const seen = new Set([0, total])
  return cuts
    .filter(([, cut]) => !seen.has(cut) && seen.add(cut))
    .toSorted(([, a], [, b]) => a - b)
    .map(([how, cut]) => [how, lines.slice(0, cut * linesOfAChange).join('')])
}

const linesOf = (text) => text.split(/(?<=\n)/)
const changesIn = (text) => Math.ceil(linesOf(text).length / LINES_OF_A_CHANGE)

const childrenOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')

/** Waits until the program of a helper itself runs, and has had a moment for the first of what it does. */
function amid(pid) {
  const isProgram = () => {
    const [child] = childrenOf(pid).trim().split(' ')
    return child && !/^(sh|setpriv|nsenter)\n$/.test(commOf(child))
  }
  until(isProgram)
  Atomics.wait(pause, 0, 0, 2)
}

/** Says whether a process has ended, or has done nothing for longer than the kernel takes for anything. */
function isAtRest(pid) {
  const before = statOf(pid)
  Atomics.wait(pause, 0, 0, 60)
  return before === statOf(pid) && !/ [RD] /.test(before)
}

const statOf = (pid) => readOf(pid, 'stat')
const commOf = (pid) => readOf(pid, 'comm')

/** What the kernel says of a process; nothing once that is gone. */
function readOf(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
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

/** What the kernel takes whole or not at all. */
const transaction = /\b(ip6?tables\S*-restore|nft -f)/

const changes = new RegExp(
  String.raw`${batch.source}|^ip .*\b(add|set|delete|replace|del)\b|^(ip netns exec \S+ )?(ip6?tables\S* -w|sysctl .*-w|nft -f)`,
)

const named = new Set(JSON.parse(NSNET_CHANGES ?? '[]'))

syncBuiltinESMExports()
