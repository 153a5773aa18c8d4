import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import { sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-new-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const command = resolve('dist/nsnet.js')

/** Runs a program in the folder of the tests. */
function ran(program: string, args: readonly string[], cwd = dir, input = '') {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, input, encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr }
}

const nsnet = (...args: readonly string[]) => ran(process.execPath, [command, ...args])

const readsTypes = 'typescript' in process.features && process.features.typescript !== false

/** A folder in which nsnet is installed as npm installs a folder, and jiti beside it. */
function folder(name: string): string {
  const path = join(dir, name)
  mkdirSync(join(path, 'node_modules'), { recursive: true })
  symlinkSync(process.cwd(), join(path, 'node_modules/nsnet'))
  symlinkSync(resolve('node_modules/jiti'), join(path, 'node_modules/jiti'))
  return path
}

describe('nsnet new step writes a step type, its test and its page', () => {
  test.each([
    ['--js', 'mjs'],
    ['--ts', 'ts'],
  ])('with %s: the test passes, and the workflow of the page runs and is undone', async (flag, ending) => {
    const path = folder(`queue-${ending}`)
    const { status, stdout, stderr } = nsnet('new', 'step', 'my-queue', '--dir', path, flag)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const files = [`my-queue.${ending}`, `my-queue.test.${ending}`, 'my-queue.md']
    expect(stdout.split('\n').slice(0, 3)).toEqual(files.map((file) => `wrote ${join(path, file)}`))
    const line = stdout.split('\n').find((each) => /^ *node /.test(each))!
    const [, ...args] = line.trim().split(' ')
    const tested = ran(process.execPath, args, path)
    expect({ status: tested.status, stdout: tested.stdout }).toMatchObject({ status: 0 })
    expect(tested.stdout).toMatch(/^# pass 4$|ℹ pass 4/m)

    const page = readFileSync(join(path, 'my-queue.md'), 'utf8')
    const lab = join(path, 'lab.json')
    writeFileSync(lab, /```json\n([^]*?)```/.exec(page)![1]!)
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    expect(await world.nsnet('run', lab)).toMatchObject({ exitCode: 0 })
    expect(JSON.parse(await world.sh('ip -json link show lo'))).toMatchObject([{ txqlen: 500 }])
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('which TypeScript takes', () => {
    const path = join(dir, 'queue-ts')
    const paths = { nsnet: [resolve('core/index.ts')], 'nsnet/testing': [resolve('testing/index.ts')] }
    const compilerOptions = {
      paths,
      noEmit: true,
      strict: true,
      types: ['node'],
      typeRoots: [resolve('node_modules/@types')],
    }
    const options = {
      ...compilerOptions,
      module: 'nodenext',
      target: 'es2023',
      allowImportingTsExtensions: true,
      skipLibCheck: true,
    }
    writeFileSync(join(path, 'package.json'), '{ "type": "module" }')
    writeFileSync(
      join(path, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: { ...options, resolveJsonModule: true, exactOptionalPropertyTypes: true },
        include: ['*.ts'],
      }),
    )
    const { stdout } = ran(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', path])
    // what Node 20 says of its features is older than what nsnet asks for
    expect(stdout).toBe('')
  })

  test('which TypeScript takes as the page says, with nothing but nsnet, TypeScript and the types of Node', () => {
    const path = join(dir, 'typed')
    const own = join(path, 'node_modules/nsnet')
    mkdirSync(join(path, 'node_modules/@types'), { recursive: true })
    mkdirSync(own)
    for (const name of ['typescript', '@types/node', 'undici-types'])
      symlinkSync(resolve('node_modules', name), join(path, 'node_modules', name))
    for (const name of ['package.json', 'node_modules']) symlinkSync(resolve(name), join(own, name))
    const tsc = resolve('node_modules/typescript/bin/tsc')
    const types = ['--project', resolve('tsconfig.types.json'), '--outDir', join(own, 'dist/types')]
    expect(ran(process.execPath, [tsc, ...types])).toMatchObject({ status: 0, stdout: '' })
    writeFileSync(join(own, 'dist/types/package.json'), '{ "type": "module" }')
    nsnet('new', 'step', 'typed', '--dir', path, '--ts')
    const [, words] = /npx (tsc [^`]*)```/.exec(readFileSync(join(path, 'typed.md'), 'utf8'))!
    const check = () =>
      ran('sh', ['-c', words!.replace('tsc', `${process.execPath} node_modules/typescript/bin/tsc`)], path)
    expect(check()).toEqual({ status: 0, stdout: '', stderr: '' })
    const file = join(path, 'typed.ts')
    writeFileSync(file, readFileSync(file, 'utf8').replace('`${count}`', 'count'))
    expect(check()).toMatchObject({ stdout: expect.stringMatching(/^typed.ts\(\d+,\d+\): error TS2345/) })
    expect(nsnet('new', 'step', 'plain', '--dir', path, '--js').status).toBe(0)
    expect(readFileSync(join(path, 'plain.md'), 'utf8')).not.toContain('tsc')
  })

  test('and says what is to be installed first', () => {
    const { stdout } = nsnet('new', 'step', 'other', '--dir', 'bare', '--js')
    expect(stdout).toBe(
      `wrote bare/other.mjs\nwrote bare/other.test.mjs\nwrote bare/other.md\n` +
        `next: cd bare\n      npm install --save-dev ${process.cwd()}\n      node --test other.test.mjs\n` +
        `      in a workflow beside it: "plugins": ["./other.mjs"]\n`,
    )
    const { files } = JSON.parse(nsnet('new', 'step', 'third', '--dir', 'bare', '--json').stdout)
    expect(files[0]).toBe(`bare/third.${readsTypes ? 'ts' : 'mjs'}`)
  })

  test('but no file that is there is touched, and no other beside it', () => {
    writeFileSync(join(dir, 'mine.md'), 'mine')
    const { status, stderr } = nsnet('new', 'step', 'mine', '--js')
    expect({ status, stderr }).toEqual({
      status: 64,
      stderr: `nsnet: expected files that are not there yet, found ${join(dir, 'mine.md')}\n  take another name or another --dir, or move it away\n`,
    })
    expect(readFileSync(join(dir, 'mine.md'), 'utf8')).toBe('mine')
    expect(existsSync(join(dir, 'mine.mjs'))).toBe(false)
  })

  test.each([undefined, 'netns', '../x', 'A', '', '-', 'a/b', '\x1b[2J'])('and %j is no name', (name) => {
    const { status, stderr } = nsnet('new', 'step', '--', ...(name === undefined ? [] : [name]))
    expect({ status, stderr }).toEqual({ status: 64, stderr: expect.stringContaining('expected a name of its own') })
  })
})

describe('nsnet new workflow', () => {
  test.each([
    [['internet.json', '--yes'], ['ns1']],
    [['out.yaml', '--kind', 'internet', '--netns', 'blue', '--prefix', '10.9.0.0/30', '--name', 'out'], ['blue']],
    [
      ['cable.json', '--kind', 'cable'],
      ['left', 'right'],
    ],
    [
      ['two.yml', '--kind', 'cable', '--netns', 'a,b', '--prefix', '192.168.7.0/24'],
      ['a', 'b'],
    ],
    [['empty.json', '--kind', 'empty'], []],
  ] as const)('%j writes one that is valid, runs and is undone', async ([file, ...args], netns) => {
    const { status, stdout, stderr } = nsnet('new', 'workflow', file, ...args)
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `wrote ${file}\nnext: nsnet plan ${file}\n      nsnet run ${file} --sandbox\n`,
      stderr: '',
    })
    expect(nsnet('validate', file)).toMatchObject({ status: 0 })
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    expect(await world.nsnet('run', join(dir, file))).toMatchObject({ exitCode: 0 })
    const there = JSON.parse((await world.sh('ip -json netns list')) || '[]') as readonly { readonly name: string }[]
    expect(there.map(({ name }) => name).toSorted()).toEqual(netns)
    expect(await world.nsnet('undo', 'last')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('names the file after the workflow, and touches none that is there', () => {
    expect(nsnet('new', 'workflow', '--name', '../my lab', '--kind', 'empty')).toMatchObject({ status: 0 })
    expect(JSON.parse(readFileSync(join(dir, 'my-lab.json'), 'utf8'))).toMatchObject({ name: '../my lab' })
    const again = nsnet('new', 'workflow', 'my-lab.json')
    expect(again).toMatchObject({
      status: 64,
      stderr: expect.stringMatching(/found .*my-lab.json\n {2}take another name, or move it away\n/),
    })
  })

  test.each([
    ['--kind', 'cable', '--netns', 'a', 'expected the names of two netns'],
    ['--kind', 'cable', '--netns', 'a,a', 'expected the names of two netns'],
    ['--kind', 'internet', '--netns', 'a/b', 'expected a netns name'],
    ['--kind', 'internet', '--prefix', '10.0.0.1/24', 'got "10.0.0.1/24"'],
    ['--kind', 'internet', '--prefix', '10.0.0.0/31', 'with two addresses or more'],
    ['--kind', 'internet', '--prefix', 'fd00::/64', 'expected an IPv4 network'],
    ['--kind', 'none', '--yes', '--yes', 'expected --kind KIND, one of internet, cable, empty, got "none"'],
  ])('refuses %s %s %s %s', (...args) => {
    const { status, stderr } = nsnet('new', 'workflow', 'bad.json', ...args.slice(0, -1))
    expect({ status, stderr }).toEqual({ status: 64, stderr: expect.stringContaining(args.at(-1)!) })
    expect(existsSync(join(dir, 'bad.json'))).toBe(false)
  })

  test('asks at a terminal, and again where an answer is none', () => {
    const typed = 'chair\ncable\nasked\none\none,two\n\n'
    const script = `${process.execPath} ${command} new workflow`
    const { stdout } = ran('script', ['-qec', script, '/dev/null'], dir, typed)
    expect(stdout).toMatch(
      /What is it for\?\r?\n {2}internet {2}a netns with internet access\r?\n {2}cable {5}two netns/,
    )
    expect(stdout).toContain('expected internet, cable, empty, got "chair"')
    expect(stdout).toContain('expected the names of two netns, such as left,right, got "one"')
    expect(stdout).toContain('wrote asked.json')
    expect(ran('script', ['-qec', script, '/dev/null'], dir, '\x04').stdout).toContain(
      'nsnet: expected an answer, the input ended',
    )
    const { name, inputs } = JSON.parse(readFileSync(join(dir, 'asked.json'), 'utf8'))
    expect({ name, inputs }).toMatchObject({
      name: 'asked',
      inputs: { left: { default: 'one' }, right: { default: 'two' }, prefix: { default: '10.1.0.0/24' } },
    })
  })
})
