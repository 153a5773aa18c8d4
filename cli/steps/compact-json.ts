/** Writes JSON as people do: what fits into `width` columns on one line, the rest broken and indented by two. */
export function compactJson(value: unknown, width: number, indent = '', before = 0): string {
  const line = inline(value)
  const comma = indent === '' ? 0 : 1
  if (typeof value !== 'object' || value === null || indent.length + before + line.length + comma <= width) return line
  const deeper = `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((item: unknown) => compactJson(item, width, deeper))
    : Object.entries(value).map(([key, item]) => {
        const head = `${JSON.stringify(key)}: `
        return head + compactJson(item, width, deeper, head.length)
      })
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return [open, parts.map((part) => deeper + part).join(',\n'), `${indent}${close}`].join('\n')
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${inline(item)}`)
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}
