-- Must hold: the events of an aggregate are numbered without a gap.
-- Why no constraint says it: the predecessor of an event may have been published and pruned, so no
-- foreign key can demand it.
SELECT format('%s %s', aggregatetype, aggregateid) AS subject,
       format('event %s follows event %s', seq, previous) AS problem
  FROM (SELECT aggregatetype, aggregateid, seq,
               lag(seq) OVER (PARTITION BY aggregatetype, aggregateid ORDER BY seq) AS previous
          FROM outbox) AS event
 WHERE seq <> previous + 1
