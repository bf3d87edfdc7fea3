import type { Offence, Tree } from "./code/tree.ts";

interface Word {
  readonly pattern: RegExp;
  readonly message: string;
}

/** Patterns are cut in two where they would otherwise find themselves. */
const words: readonly Word[] = [
  { pattern: /\bnot (yet )?implemente[d]\b/i, message: "build it or leave it out; README tells what is not there" },
  { pattern: /\bfor no[w]\b/i, message: "say what is true, not how long it will be" },
  { pattern: /\bstu[b](s|bed|bing)?\b/i, message: "name what it is: a memory twin, a fixed answer" },
  { pattern: /\bas (you |was )?(requeste[d]|instructe[d])\b/i, message: "say why the code needs it, not who asked" },
  {
    pattern: /\b(A[I]|LL[M])\b|\b(Claud[e]|ChatGP[T]|Copilo[t]|Anthropi[c]|OpenA[I])\b/,
    message: "texts are about the product, not about how they were written",
  },
  {
    pattern: /\b(this|previous|next|my) (coding |working )?sessio[n] (of|did|will|wrote)\b|\b(sub)agen[t]\b/i,
    message: "texts are about the product, not about how it was written",
  },
  { pattern: /(^|[\s"'`(])\/(wor[k]|roo[t]|hom[e]\/[a-z]+|User[s])\//, message: "is a path of one machine; use a relative one" },
  { pattern: /\btmp\/tombol[o]\b|bash_job[s]/, message: "is a path of one machine" },
  {
    pattern: /https?:\/\/[^\s"')]*\b(regist[r]y|artifacto[r]y|nexu[s]|verdacci[o])\b/i,
    message: "names a registry's host; the user's own npm settings decide",
  },
  {
    pattern:
      /[A-Za-z0-9._+-]+@(?!([a-z0-9-]+\.)*(example(\.(com|net|org))?|test|invalid|localhost)\b)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}\b/i,
    message: "is a mail address that may be real; use example.net",
  },
];

/** Not ours to word, or too large to be prose. */
const untouched = /^(package-lock\.json|LICENSE|fuzz\/corpus\/.*)$/;

export function checkWords(tree: Tree): Offence[] {
  const offences: Offence[] = [];
  for (const path of tree.paths.filter((name) => !untouched.test(name))) {
    const text = tree.text(path);
    // A NUL byte: not a text.
    if (text.includes("\0")) continue;
    for (const [index, line] of text.split("\n").entries()) {
      for (const { pattern, message } of words) {
        const found = pattern.exec(line)?.[0];
        if (found !== undefined) offences.push({ path, line: index + 1, message: `"${found.trim()}": ${message}` });
      }
    }
  }
  return offences;
}
