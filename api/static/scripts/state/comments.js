// The comments of the open task: null until they are read.

/** The state after `comments.read` {comments}, `comment.added` {comment}, `comment.deleted` {comment_id} or `session.left`. */
export function reduceComments(comments, event) {
  switch (event.type) {
    case "comments.read":
      return event.comments;
    case "comment.added":
      return [...(comments ?? []).filter((one) => one.comment_id !== event.comment.comment_id), event.comment];
    case "comment.deleted":
      return comments?.filter((one) => one.comment_id !== event.comment_id) ?? null;
    case "session.left":
      return null;
    default:
      return comments;
  }
}

/** Those on a hunt; without one, those on criteria. */
export function commentsOn(comments, huntId) {
  return (comments ?? []).filter((one) => (huntId ? one.hunt_id === huntId : one.criterion_id !== ""));
}
