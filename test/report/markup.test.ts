import { expect, it } from 'vitest';
import { html } from '../../src/report/markup.ts';

it('escapes exactly once, and only what is not markup', () => {
  const inner = html`<b>${'a & "b"'}</b>`;
  expect(html`<i title="${'<x>'}">${[inner, null, false, 3]}</i>`.markup).toBe(
    '<i title="&lt;x&gt;"><b>a &amp; &quot;b&quot;</b>3</i>',
  );
});
