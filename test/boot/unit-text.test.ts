import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commandLine, unitText, workflowIn, WRITTEN } from '../../cli/boot/unit-text.ts'
import { expectUnitName, nameOfUnit, unitNameOf, writeUnit } from '../../cli/boot/unit-files.ts'
import { has } from '../support/kernel.ts'
import { workspace } from '../support/runs.ts'

const { dir, stateDir } = workspace()
const systemd = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'].find(existsSync)

/** Paths and inputs with everything that means something to systemd. */
const strange = join(dir, 'we ird $x %h')
const hard = [
  '/a b/$HOME ${HOME} $$ %n "q" \\ \\n ü\'s;',
  ';',
  '',
  'a=b',
  '--set',
  'x=\ttab\nline',
  '@',
  '-',
  '{',
  '#c',
  'é',
]

describe('the command line of a unit', () => {
  test.each([
    [['/usr/bin/node', '/opt/nsnet.js', 'unit-start'], '/usr/bin/node /opt/nsnet.js unit-start'],
    [['/a b/node', '100%', '$HOME', 'a"b', 'c\\d'], '"/a b/node" 100%% "$$HOME" "a\\"b" "c\\\\d"'],
  ])('%j', (argv, line) => expect(commandLine(argv)).toBe(line))

  test('has no program that systemd does not take', () =>
    expect(() => commandLine(['/a"b/node'])).toThrow(expect.objectContaining({ code: 'USAGE' })))

  test.skipIf(!systemd || !has('systemd-analyze'))('is read back by systemd as it was, and is accepted', () => {
    mkdirSync(strange)
    const node = join(strange, 'node')
    symlinkSync(process.execPath, node)
    const start = [node, ...hard]
    const title = 'A 100% "strange" name \\'
    const path = join(dir, 'nsnet-strange.service')
    const workflow = '/a/"b"\n%c\\'
    const text = unitText({ name: 'strange', title, workflow, start, stop: [process.execPath, 'stop'] })
    writeFileSync(path, text)
    expect(workflowIn(text)).toBe(workflow)
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' })
    expect({ status: verified.status, output: verified.stdout + verified.stderr }).toEqual({ status: 0, output: '' })
    expect(argvOf(path)).toEqual(start)
  })
})

/** Asks systemd what it would start, as an ordinary user, for root may not ask. Variables it replaces later. */
function argvOf(path: string): readonly string[] {
  const script = `units=$(mktemp -d); trap 'rm -r $units' EXIT; chmod 755 $units; cp ${path} $units
    export SYSTEMD_UNIT_PATH=$units:/lib/systemd/system HOME=/tmp LC_ALL=C.UTF-8
    user=; [ $(id -u) = 0 ] && user='setpriv --reuid 65534 --regid 65534 --clear-groups --'
    $user ${systemd} --test --system --unit=nsnet-strange.service 2>&1`
  const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  const line = /-> Unit nsnet-strange\.service:[^]*?-> ExecStart:\n\s*Command Line: (.*)/.exec(stdout)?.[1] ?? ''
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, inside, plain]) => unescaped(inside ?? plain!))
  return words.map((word, at) => (at === 0 ? word : word.replaceAll('$$', '$')))
}

const unescaped = (word: string): string => word.replace(/\\(.)/g, (_, c: string) => ({ t: '\t', n: '\n' })[c] ?? c)

test('the name of a unit is made of that of the workflow', () => {
  expect(unitNameOf('internet')).toBe('internet')
  expect(unitNameOf('  My net: "1/2" ')).toBe('My-net-1-2')
  expect(unitNameOf('…')).toBe('workflow')
})

test('a unit is found by its very name before nsnet- and .service are taken off it', async () => {
  const units = stateDir()
  const text = `${WRITTEN}\n`
  await writeUnit(units, 'lab', text)
  expect(await nameOfUnit(units, 'nsnet-lab.service', '/none')).toBe('lab')
  await writeUnit(units, 'nsnet-lab', text)
  expect(await nameOfUnit(units, 'nsnet-lab', '/none')).toBe('nsnet-lab')
  expect(await nameOfUnit(units, 'lab', '/none')).toBe('lab')
  expect(() => expectUnitName('a.service')).toThrow('without .service')
  await expect(writeUnit(join(units, 'none'), 'lab', text)).rejects.toMatchObject({
    hint: expect.stringContaining('mkdir -p'),
  })
})
