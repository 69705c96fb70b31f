import { useState } from 'react';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';

import { createFetcher } from './fetcher.js';
import iconUrl from './icon.svg';
import { SelectOperation } from './select-operation.jsx';
import { tokenlessStorage } from './storage.js';
import welcome from './welcome.graphql?raw';

// GraphiQL compares these by identity, so they are made once. Naming plug-ins
// replaces its default list; the documentation is not in it and stays.
const EXPLORER = explorerPlugin({ showAttribution: false });
const PLUGINS = [EXPLORER, HISTORY_PLUGIN];

export function Playground({ endpoint, initial }) {
  const [fetcher] = useState(() => createFetcher(endpoint));
  const [storage] = useState(() => tokenlessStorage(localStorage));

  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultQuery={welcome}
      initialQuery={initial.query}
      initialVariables={initial.variables}
      plugins={PLUGINS}
      visiblePlugin={EXPLORER}
      isHeadersEditorEnabled
      shouldPersistHeaders={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <span className="pleach-logo">
          <img src={iconUrl} alt="" />
          Pleach
        </span>
      </GraphiQL.Logo>
      <SelectOperation name={initial.operationName} />
    </GraphiQL>
  );
}
