/**
 * Loaded into nsnet by `node --require`: when nsnet ends, what V8 has compiled of its files is written beside them, for
 * `cli/load.ts`. Functions that nobody has called are not in it.
 */
const { createHash } = require('node:crypto')
const { writeFileSync } = require('node:fs')
const v8 = require('node:v8')
const vm = require('node:vm')

// what is compiled is good for a V8 with the flags of the one that writes it
v8.setFlagsFromString = () => undefined

const scripts = []

vm.Script = class extends vm.Script {
  constructor(text, options) {
    super(text, options)
    scripts.push([options.filename, this])
  }
}

process.on('exit', () => {
  for (const [path, script] of scripts) {
    const code = script.createCachedData()
    const sum = createHash('sha256').update(code).digest()
    writeFileSync(`${path}.${process.version}-${process.arch}`, Buffer.concat([sum, code]))
  }
})
