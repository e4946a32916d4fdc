/** One `pz-server` with the demonstration data and three more people: ana and bruno, and chefe the admin. */
export class Server {
  static start(
    name: string,
    settings?: Record<string, string> | ((root: string) => Record<string, string>),
  ): Promise<Server>;
  /** Its address, without a slash at the end. */
  readonly root: string;
  person(username: string, scopes?: string): Promise<Person>;
  stop(): Promise<void>;
}

/** Somebody with a token. */
export class Person {
  readonly token: string;
}
