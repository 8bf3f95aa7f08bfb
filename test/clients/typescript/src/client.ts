// SPDX-License-Identifier: Apache-2.0

import { createClient, type Client } from './skilld/client/index.js';
import type { Problem } from './skilld/index.js';

/** Returns a client that asks for errors as problem details. */
export function connect(address: string): Client {
  return createClient({
    baseUrl: address,
    headers: { Accept: 'application/json, application/problem+json' },
  });
}

/** An answer that is an error. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    /** Finds the request in the daemon's log. */
    readonly requestId: string | null,
  ) {
    super(`${problem.detail} (${problem.status} ${problem.title}, request ${requestId})`);
  }
}

/** What a call of the client returns. */
type Answer<T> =
  | { data: T; error: undefined; response: Response }
  | { data: undefined; error: unknown; response?: Response };

/** Returns what the daemon answered, or throws its refusal. */
export async function answered<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (data !== undefined) {
    return data;
  }
  throw isProblem(error) ? new ProblemError(error, response?.headers.get('X-Request-Id') ?? null) : error;
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'detail' in error && 'status' in error;
}
