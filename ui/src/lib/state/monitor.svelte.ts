import type { BrokerStatus, ClientRows, Frame, TopicRow, Traffic } from '../api/monitor';
import type { Connection } from '../host/host';
import { addSample, type Sample } from './history';
import { compareNames, mergeRows } from './sorted';

/**
 * Most topics that are held, as many as the broker puts into one list; the
 * total tells of the rest.
 */
export const MAX_TOPIC_ROWS = 2_000;

/** A topic as it is shown. */
export interface ShownTopic extends TopicRow {
  /**
   * When its change arrived here, on the clock of `performance.now()`; `null`
   * when it came with the whole list, which is no news.
   */
  readonly arrivedAt: number | null;
}

/** Everything that is known of the broker, from the frames of one stream. */
export class Monitor {
  connection = $state<Connection>('connecting');
  status = $state.raw<BrokerStatus | null>(null);
  /** The topics that are held, sorted by name. */
  topics = $state.raw<readonly ShownTopic[] | null>(null);
  /** How many topics the broker has in all. */
  topicsTotal = $state(0);
  clients = $state.raw<ClientRows | null>(null);
  traffic = $state.raw<Traffic | null>(null);
  /** The traffic of the last minute. */
  history = $state.raw<readonly Sample[]>([]);

  /** Takes one piece of news in. */
  apply(frame: Frame): void {
    switch (frame.kind) {
      case 'status':
        this.status = frame;
        break;
      case 'topics':
        this.topics = frame.rows
          .map((row) => ({ ...row, arrivedAt: null }))
          .sort((a, b) => compareNames(a.topic, b.topic));
        this.topicsTotal = frame.total;
        break;
      case 'changes': {
        const arrivedAt = performance.now();
        const changes = frame.rows.map((row) => ({ ...row, arrivedAt }));
        this.topics = mergeRows(this.topics ?? [], changes, MAX_TOPIC_ROWS);
        this.topicsTotal = frame.total;
        break;
      }
      case 'clients':
        this.clients = frame;
        break;
      case 'traffic':
        this.traffic = frame;
        this.history = addSample(this.history, frame);
        break;
    }
  }
}
