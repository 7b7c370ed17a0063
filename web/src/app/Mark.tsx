/** The sign of Postil: a page with a note in its margin. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden>
      <path d="M6 9h12M6 15h12M6 21h8" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" />
      <path
        d="M24 7v14l-2 3"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="2.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
