/**
 * Loaded into nsnet by `node --require`: writes the peak of its resident memory, in kB, when it ends. Not `ru_maxrss`,
 * which begins with that of the process that started it. See proc_pid_status(5), VmHWM.
 */
const { readFileSync, writeFileSync } = require('node:fs')

process.on('exit', () =>
  writeFileSync('/run/peak', /^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
)
