//! Stages that wait for each other.

/// Finds loops in "reads" arrows between nodes: each as the nodes in the order of reading, starting at the lowest index.
///
/// `reads[n]` are the nodes that `n` reads. Of loops that share nodes at least one is told.
pub(crate) fn find(reads: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Search {
        reads,
        state: vec![State::New; reads.len()],
        loops: Vec::new(),
    };
    for node in 0..reads.len() {
        search.from(node);
    }
    search.loops
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnPath,
    Done,
}

struct Search<'a> {
    reads: &'a [Vec<usize>],
    state: Vec<State>,
    loops: Vec<Vec<usize>>,
}

impl Search<'_> {
    /// Goes deep without recursion: a file may hold long chains.
    fn from(&mut self, start: usize) {
        if self.state[start] != State::New {
            return;
        }
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        self.state[start] = State::OnPath;
        while let Some((node, next)) = path.last_mut() {
            let Some(read) = self.reads[*node].get(*next).copied() else {
                self.state[*node] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match self.state[read] {
                State::New => {
                    self.state[read] = State::OnPath;
                    path.push((read, 0));
                }
                State::OnPath => {
                    let mut nodes: Vec<usize> = path
                        .iter()
                        .map(|(node, _)| *node)
                        .skip_while(|node| *node != read)
                        .collect();
                    let lowest = nodes
                        .iter()
                        .enumerate()
                        .min_by_key(|(_, node)| **node)
                        .map_or(0, |(index, _)| index);
                    nodes.rotate_left(lowest);
                    self.loops.push(nodes);
                }
                State::Done => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_and_a_diamond_are_no_loops() {
        assert_eq!(find(&[vec![1], vec![2], vec![]]), Vec::<Vec<usize>>::new());
        assert_eq!(find(&[vec![1, 2], vec![3], vec![3], vec![]]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn each_loop_is_told_once_from_its_first_node() {
        assert_eq!(find(&[vec![0]]), [[0]]);
        assert_eq!(find(&[vec![], vec![3], vec![1], vec![2]]), [[1, 3, 2]]);
        assert_eq!(find(&[vec![1], vec![0], vec![3], vec![2]]), [[0, 1], [2, 3]]);
    }
}
