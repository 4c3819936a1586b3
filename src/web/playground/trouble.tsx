/** Shows a problem. */
import type { Trouble } from './state.ts';

export function TroubleBox({ trouble: { message, problems }, onClose }: { trouble: Trouble; onClose: () => void }) {
  return (
    <div class="trouble" role="alert">
      <div>
        <p>
          <b>{message}</b>
        </p>
        {problems.length > 0 && (
          <ul class="bullets">
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        )}
      </div>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </div>
  );
}
