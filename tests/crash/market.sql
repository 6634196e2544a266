-- A market in which no call of the load is refused: deep stock, deep pockets.
CREATE EXTENSION mvm;
SELECT mvm_seed();
DO $$
BEGIN
    FOR i IN 1 .. 10 LOOP -- users 4 to 13, who buy and exchange
        PERFORM mvm_create_user('buyer ' || i, 1 + i % 3);
        PERFORM mvm_deposit(3 + i, 1000000000, u) FROM generate_series(1, 3) u;
    END LOOP;
    FOR i IN 1 .. 3 LOOP -- users 14 to 16, who sell items 7 to 9; items 4 to 6 are the treasuries'
        PERFORM mvm_list_item(NULL, 'of treasury ' || i, 1.37, 1000000000, i);
    END LOOP;
    FOR i IN 1 .. 3 LOOP
        PERFORM mvm_create_user('seller ' || i, 4 - i, 0);
        PERFORM mvm_list_item(13 + i, 'of seller ' || i, 2.11, 1000000000, i);
    END LOOP;
END $$;
