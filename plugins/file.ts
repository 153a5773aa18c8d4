import { defineStep } from '../core/step.ts'
import { fileDocs } from './docs/file.ts'
import { fileInput, type FileInput } from './lib/file-input.ts'
import { fileStep, type FilesState } from './lib/file-step.ts'

/**
 * Writes a small file, in one go: whoever reads it sees the old or the new one, whole.
 *
 * Directories that are missing are made (mode 0755). At undo the file that was there comes back with its bytes, mode and
 * owner, and directories that were made go when they are empty. The content goes by stdin: it may hold a secret.
 *
 * @see install(1), dd(1), rename(2)
 */
export default defineStep<FileInput, FilesState>({
  type: 'file',
  summary: 'Writes a small file.',
  docs: fileDocs,
  input: fileInput as never,
  ...fileStep<FileInput>(({ path, content, mode }) => [{ path, content, mode }]),
  outputs: { path: (_, { path }) => path },
  sketch: ({ path }) => [{ draw: 'note', text: `file ${path}` }],
})
