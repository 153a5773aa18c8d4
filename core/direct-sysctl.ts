import { accessSync, constants, lstatSync } from 'node:fs'
import { entriesOf, isMissing, readMade, writeMade } from './proc-files.ts'
import { swapped } from './sysctl-key.ts'

/** Prints kernel parameters as `sysctl -e KEY…` does: of what is not there, nothing. @see sysctl(8) */
export function readSettings([, option, ...keys]: readonly string[]): string | undefined {
  if (option !== '-e' || keys.length === 0 || !keys.every(isKey)) return undefined
  const lines = keys.map((key) => {
    const value = readOne(`/proc/sys/${key}`)
    return value === undefined || value === '' ? value : `${swapped(key)} = ${value}`
  })
  return lines.includes(undefined) ? undefined : lines.join('')
}

/** Sets kernel parameters as `sysctl -q -w KEY=VALUE…` does, which prints nothing. @see sysctl(8) */
export function writeSettings([, ...args]: readonly string[]): string | undefined {
  const options = args.filter((word) => /^-[eqw]$/.test(word))
  const settings = args.slice(options.length).map((word) => /^([^=]+)=(\S|\S.*\S)$/.exec(word))
  const certain = options.includes('-q') && options.includes('-w') && settings.length > 0
  if (!certain || !settings.every((it) => it && isKey(it[1]!))) return undefined
  for (const it of settings) writeMade(`/proc/sys/${it![1]}`, `${it![2]}\n`)
  return ''
}

/** Prints the kind, mode and name of each file in a directory of kernel parameters, and whether it can be written. */
export function listSettings([, directory = '', ...how]: readonly string[]): string | undefined {
  if (!directory.startsWith('/proc/sys/') || !isKey(directory.slice('/proc/sys/'.length))) return undefined
  if (how.join(' ') !== HOW || !lstatSync(directory).isDirectory()) return undefined
  const lines = entriesOf(directory, 1000)?.map(({ name }) => {
    const stat = lstatSync(`${directory}/${name}`)
    const kind = stat.isFile() ? 'f' : stat.isDirectory() ? 'd' : undefined
    return (
      kind && `${kind} ${(stat.mode & 0o7777).toString(8)} ${name} ${isWritable(`${directory}/${name}`) ? 'w' : 'r'}\n`
    )
  })
  return lines?.includes(undefined) === false ? lines.join('') : undefined
}

const HOW = '-mindepth 1 -maxdepth 1 -printf %y %m %f  ( -writable -printf w\\n -o -printf r\\n )'

/**
 * Prints the lines of files below `/proc/sys` as `grep -rHs --include=NAME… '' PATH…` does, each behind its path and a
 * colon.
 *
 * @see grep(1)
 */
export function readSides([, recursive, ...args]: readonly string[]): string | undefined {
  const names = args.filter((word) => word.startsWith('--include=')).map((word) => word.slice('--include='.length))
  const [pattern, ...paths] = args.slice(names.length)
  const certain =
    recursive === '-rHs' && names.length > 0 && names.every((name) => /^\w+$/.test(name)) && pattern === ''
  if (!certain || !paths.every((path) => path.startsWith('/proc/sys/net/'))) return undefined
  const texts = paths.map((path) => readBelow(path, new Set(names)))
  return texts.includes(undefined) ? undefined : texts.join('')
}

/** More links than this are read sooner by grep(1). */
const MOST_LINKS = 50

function readBelow(path: string, names: ReadonlySet<string>): string | undefined {
  const stat = lstatSync(path)
  if (stat.isFile()) return names.has(path.slice(path.lastIndexOf('/') + 1)) ? linesOf(path) : ''
  const entries = entriesOf(path, 1000)
  if ((entries?.filter((entry) => entry.isDirectory()).length ?? 0) > MOST_LINKS) return undefined
  const texts = entries?.map((entry) =>
    entry.isDirectory() || names.has(entry.name) ? readBelow(`${path}/${entry.name}`, names) : '',
  )
  return texts?.includes(undefined) === false ? texts.join('') : undefined
}

function linesOf(path: string): string | undefined {
  const text = readMade(path)
  // what is not ASCII grep calls binary
  if (text === undefined || !/^[\t\n\x20-\x7e]*$/.test(text) || (text !== '' && !text.endsWith('\n'))) return undefined
  return text.replace(/^.*\n/gm, (line) => `${path}:${line}`)
}

/** The value with its line feed; nothing when there is no such parameter; undefined when it is no single line. */
function readOne(path: string): string | undefined {
  try {
    const text = readMade(path)
    return text !== undefined && /^[^\n]*\n$/.test(text) ? text : undefined
  } catch (error) {
    return isMissing(error) ? '' : undefined
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch (error) {
    if (/^(EACCES|EROFS|EPERM)$/.test((error as { readonly code?: string }).code ?? '')) return false
    throw error
  }
}

/** A slashed key below `net`, without what sysctl(8) takes for a pattern or another place. */
const isKey = (key: string): boolean =>
  /^net(\/[^/*?[\]{}\\\s=\0]+)+$/.test(key) && !key.split('/').some((part) => part === '.' || part === '..')
