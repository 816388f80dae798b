// The sandbox's /_control.
import assert from 'node:assert/strict';

export const controlOf = (base) => async (path, body) => {
  const options = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const answer = await fetch(`${base}/_control/${path}`, options);
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
};
