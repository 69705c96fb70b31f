// Where GraphiQL's history keeps past requests, headers included.
const HISTORY_KEYS = ['graphiql:queries', 'graphiql:favorites'];

/**
 * `storage`, except that no request header ever reaches it.
 *
 * `shouldPersistHeaders={false}` keeps headers out of what GraphiQL remembers of its
 * tabs, but the history plug-in does not heed it. A pasted token should live no
 * longer than the page it was pasted into.
 */
export function tokenlessStorage(storage) {
  return {
    getItem: (key) => storage.getItem(key),
    setItem: (key, value) =>
      storage.setItem(key, HISTORY_KEYS.includes(key) ? withoutHeaders(value) : value),
    removeItem: (key) => storage.removeItem(key),
    clear() {
      for (const key of graphiqlKeys(storage)) storage.removeItem(key);
    },
    get length() {
      return graphiqlKeys(storage).length;
    },
  };
}

function withoutHeaders(history) {
  return JSON.stringify(JSON.parse(history), (key, value) => (key === 'headers' ? undefined : value));
}

function graphiqlKeys(storage) {
  return Object.keys(storage).filter((key) => key.startsWith('graphiql:'));
}
