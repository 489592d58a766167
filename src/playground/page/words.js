/** The page's own words, which the server wrote into it in the reader's language. */
export const words = JSON.parse(document.getElementById('words').content.textContent)
