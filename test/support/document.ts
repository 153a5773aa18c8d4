import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { Sandboxed } from './sandbox.ts'

/** A page whose code is tried. */
export interface Document {
  readonly text: string
  /** The blocks of a language, in their order. */
  readonly blocks: (language: string) => readonly string[]
  /** The cells of each row of a table whose head begins with these words. */
  readonly table: (...head: readonly string[]) => readonly (readonly string[])[]
}

/** Reads a page. */
export function documentAt(path: string): Document {
  const text = readFileSync(path, 'utf8')
  return {
    text,
    blocks: (language) =>
      [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block]) => block!),
    table: (...head) => {
      const lines = text.slice(text.indexOf(`| ${head.join(' | ')} |`)).split('\n')
      const rows = lines.slice(2, lines.indexOf(''))
      return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
    },
  }
}

/** Types the commands of a screen in a folder of the sandbox, and compares what is shown; the page calls the folder /lab. */
export async function expectScreen(world: Sandboxed, folder: string, screen: string): Promise<void> {
  const commands = [...screen.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command!)
  const shown = commands.map((command) => `cat <<'END'\n$ ${command}\nEND\n${command} 2>&1`)
  const script = ['nsnet() { "$NODE" "$NSNET" "$@"; }', `cd ${folder}`, ...shown].join('\n')
  const env = ['COLUMNS=80', `NODE=${world.command.at(-2)}`, `NSNET=${world.command.at(-1)}`]
  const argv = [...world.command.slice(0, -2), ...env, 'sh', '-c', script]
  const { stdout, stderr } = await world.exec({ argv, timeoutMs: 60_000 })
  expect(stderr).toBe('')
  expect(masked(stdout.replaceAll(folder, '/lab'))).toBe(masked(screen))
}

/** Times, macs and sums differ from run to run. */
const masked = (text: string): string =>
  text.replace(/ *\b\d+(\.\d+)? (ms|s)\b/g, ' DURATION').replace(/\b([\da-f]{2}:){5}[\da-f]{2}\b/g, 'MAC')
