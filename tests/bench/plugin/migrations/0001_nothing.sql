-- The bench plugin keeps nothing: its role and schema are enough to run a statement in.
SELECT 1;
