import type { Colour } from './colour.ts'

/** The colours of one picture. */
export interface Palette {
  /** Words of a prompt that ask for it. */
  readonly words: RegExp
  /** Behind everything, from the top down. */
  readonly sky: readonly [Colour, Colour, Colour]
  /** From the farthest and lightest to the nearest and deepest. */
  readonly tones: readonly [Colour, ...Colour[]]
  /** What catches the eye. */
  readonly accent: Colour
  /** Of the sun or the moon. */
  readonly light: Colour
  /** The dark that words stand on. */
  readonly deep: Colour
}

export const palettes: readonly [Palette, ...Palette[]] = [
  {
    words: /\b(snow\w*|winter|ice|icy|frost\w*|arctic|polar|glacier|penguin)s?\b/i,
    sky: ['#7fa3c7', '#c4d7e6', '#f6ead9'],
    tones: ['#dfe9f0', '#bfd3e2', '#93b2cb', '#5f86a6', '#33597a', '#16324a'],
    accent: '#f08a4b',
    light: '#f6a26b',
    deep: '#0d2436',
  },
  {
    words: /\b(sun(set|rise)|dusk|dawn|evening|morning|golden hour|romantic)s?\b/i,
    sky: ['#3b2667', '#d4578a', '#ffc48c'],
    tones: ['#f7a58b', '#d9708a', '#a04b86', '#6a3578', '#40245c', '#1e1238'],
    accent: '#ffe29a',
    light: '#ffe29a',
    deep: '#170c2b',
  },
  {
    words: /\b(forest|tree|wood\w*|jungle|garden|green|leaf|leaves|fern|moss|frog|spring)s?\b/i,
    sky: ['#a7cdb8', '#dbe8c9', '#f8efcf'],
    tones: ['#bfd8b0', '#8fbc94', '#5a9a7c', '#327360', '#1b4f47', '#0c2f2e'],
    accent: '#f2b84b',
    light: '#f4c25e',
    deep: '#08211f',
  },
  {
    words: /\b(sea|ocean|wave\w*|beach|boat|ship|river|lake|harbou?r|underwater|fish|whale|blue)s?\b/i,
    sky: ['#7cc6d6', '#c9e9e4', '#fdf0d5'],
    tones: ['#9ddbd8', '#56b7c4', '#258ea6', '#156a8a', '#0e4769', '#082a45'],
    accent: '#ff7b54',
    light: '#ff9a76',
    deep: '#061f35',
  },
  {
    words: /\b(desert|sand|canyon|autumn|fall|clay|earth|camel|dune\w*|copper|brown|coffee|bean)s?\b/i,
    sky: ['#f0c38e', '#f6dfb7', '#fff3dc'],
    tones: ['#f1c191', '#e09a64', '#c86f45', '#9c4a35', '#652f2f', '#381b21'],
    accent: '#2d8a8a',
    light: '#e4572e',
    deep: '#2a1218',
  },
  {
    words: /\b(night|moon\w*|star\w*|space|galaxy|planet|cosmic|dark|midnight|astronaut)s?\b/i,
    sky: ['#080b22', '#1a1c4b', '#4a3a86'],
    tones: ['#7d6bc4', '#5448a4', '#37357f', '#24265f', '#151a45', '#0a0e2a'],
    accent: '#ffdf8c',
    light: '#ffdf8c',
    deep: '#05071a',
  },
  {
    words: /\b(flower\w*|blossom|cherry|rose|pink|love|wedding|princess|sakura)s?\b/i,
    sky: ['#f7cdd6', '#fbe3e0', '#fff6ea'],
    tones: ['#f9c6d0', '#f19bb0', '#dd6f93', '#b34c7c', '#74345f', '#3f1f40'],
    accent: '#6fae8f',
    light: '#e8577e',
    deep: '#2e142f',
  },
  {
    words: /\b(aurora|neon|cyber\w*|robot|future\w*|laser|synth\w*|electric|hacker)s?\b/i,
    sky: ['#071a2e', '#0c4a5b', '#2bb39a'],
    tones: ['#63e6be', '#2cc4b5', '#1d92a8', '#3b5bb5', '#5a2f9b', '#1c124d'],
    accent: '#ff4f9a',
    light: '#d9fff2',
    deep: '#070f24',
  },
  {
    words: /\b(lemon|summer|orange|citrus|yellow|happy|fruit|party|kids?|bee|banana|lion)s?\b/i,
    sky: ['#ffd34f', '#ffe8a3', '#fff8e1'],
    tones: ['#ffd166', '#f9a03f', '#ef6f4c', '#d1495b', '#7a2e57', '#3b1a3f'],
    accent: '#118ab2',
    light: '#ef6f4c',
    deep: '#2c1230',
  },
  {
    words: /\b(ink|minimal\w*|zen|paper|pencil|sketch|black|white|monochrome|calligraphy)s?\b/i,
    sky: ['#e9e4da', '#f3efe7', '#fbf9f4'],
    tones: ['#d8d1c4', '#b3aca0', '#86827b', '#5b5955', '#343436', '#17181b'],
    accent: '#d0402b',
    light: '#d0402b',
    deep: '#131417',
  },
  {
    words: /\b(fire|lava|volcano|dragon|phoenix|red|burn\w*|hot|chil+i)s?\b/i,
    sky: ['#1d0b14', '#6b1730', '#ee6c2d'],
    tones: ['#ffb24a', '#f4772f', '#d4402f', '#951f3b', '#561433', '#26091f'],
    accent: '#ffe9a8',
    light: '#ffe9a8',
    deep: '#17050f',
  },
  {
    words: /\b(candy|toy|cake|unicorn|rainbow|cute|cat|kitten|puppy|pastel|ice cream)s?\b/i,
    sky: ['#bde0fe', '#e2d5f8', '#ffe5ec'],
    tones: ['#ffc8dd', '#cdb4db', '#a2b8f0', '#7a8fd6', '#5a5da8', '#31315f'],
    accent: '#ff9f5a',
    light: '#ff9f5a',
    deep: '#25254b',
  },
]
