/**
 * Makes a clone ready: packages when the lock file changed, system tools that are missing, the build when a source
 * changed. Quick when there is nothing to do. Plain JavaScript without packages, for it runs before they are installed.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

process.chdir(new URL('..', import.meta.url).pathname)

/**
 * The programs that nsnet calls and those that some tests call (`--tests`), each with its package for each of the managers,
 * in their order. Where the latter cannot be installed, those tests are left out.
 */
const { managers, needed: tools, tests: testTools } = JSON.parse(readFileSync('core/programs.json', 'utf8'))

expectNode()
installPackages()
installTools()
build()

function expectNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  stop(`expected Node.js 20.19 or later, got ${process.versions.node}`)
}

function installPackages() {
  const stamp = 'node_modules/.nsnet-lock'
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  say('installing the packages of package-lock.json')
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(stamp, lock)
}

function installTools() {
  const isRoot = process.getuid() === 0
  const canInstall = isRoot && find('apt-get')
  const wanted = canInstall && process.argv.includes('--tests') ? { ...tools, ...testTools } : tools
  const missing = Object.keys(wanted).filter((tool) => !find(tool))
  if (missing.length === 0) return
  if (!canInstall) stop(`these programs are missing: ${missing.join(', ')}. Type:\n${advice(missing, isRoot)}`)
  say(`installing the programs ${missing.join(', ')}`)
  process.env.DEBIAN_FRONTEND = 'noninteractive'
  run('apt-get', ['update', '-qq'])
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages(missing, 0)])
}

function advice(missing, isRoot) {
  const known = Object.keys(managers).filter(find)
  const shown = known.length > 0 ? known : Object.keys(managers)
  const line = (name) =>
    `  ${isRoot ? '' : 'sudo '}${managers[name]} ${packages(missing, Object.keys(managers).indexOf(name)).join(' ')}`
  return shown.map(line).join('\n')
}

function packages(missing, manager) {
  return [...new Set(missing.map((tool) => (tools[tool] ?? testTools[tool])[manager]))]
}

function build() {
  const built = existsSync('dist/nsnet.js') ? statSync('dist/nsnet.js').mtimeMs : 0
  const sources = ['core', 'journal', 'plugins', 'library', 'cli', 'net', 'testing'].flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((file) => join(folder, file)),
  )
  const others = ['package.json', 'scripts/build.mjs', 'scripts/code-cache.cjs']
  const newest = Math.max(...[...sources, ...others].map((file) => statSync(file).mtimeMs))
  // the code that V8 compiled is of one version of Node
  if (newest < built && existsSync(`dist/work.js.${process.version}-${process.arch}`)) return
  say('building dist/nsnet.js')
  run(process.execPath, ['scripts/build.mjs'])
}

function find(tool) {
  const folders = `${process.env.PATH ?? ''}${delimiter}/usr/local/sbin${delimiter}/usr/sbin${delimiter}/sbin`.split(
    delimiter,
  )
  return folders.some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function run(file, args) {
  try {
    execFileSync(file, args, { stdio: ['ignore', 2, 2] })
  } catch (error) {
    stop(`${[file, ...args].join(' ')} failed: ${error.message.split('\n')[0]}`)
  }
}

function say(text) {
  process.stderr.write(`set-up: ${text}\n`)
}

function stop(text) {
  say(text)
  process.exit(1)
}
