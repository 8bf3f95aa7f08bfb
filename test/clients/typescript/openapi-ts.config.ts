// SPDX-License-Identifier: Apache-2.0

import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
  // The document is at /api/openapi.json of every daemon.
  input: 'openapi.json',
  output: 'src/skilld',
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
});
