import { byId } from './dom.js'
import { words } from './words.js'

/** Takes files that are dropped anywhere on the page, and says so while they are held over it. */
export function acceptDrops(take) {
  const overlay = byId('drop')
  overlay.firstElementChild.textContent = words.drop
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files') === true

  window.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'copy'
    overlay.hidden = false
  })
  window.addEventListener('dragleave', (event) => {
    // Left for another element of the page is not left.
    if (event.relatedTarget === null) overlay.hidden = true
  })
  window.addEventListener('drop', (event) => {
    overlay.hidden = true
    if (!hasFiles(event)) return
    event.preventDefault()
    if (event.dataTransfer.files.length > 0) take(event.dataTransfer.files)
  })
}
