import 'graphiql/setup-workers/vite';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';

import { createRoot } from 'react-dom/client';
import { readInitialRequest } from './initial-request.js';
import { Playground } from './playground.jsx';

const { content: endpoint } = document.querySelector('meta[name="pleach-endpoint"]');

createRoot(document.getElementById('playground')).render(
  <Playground endpoint={endpoint} initial={readInitialRequest(location.search)} />,
);
